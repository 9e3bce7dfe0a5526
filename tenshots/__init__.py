"""The library: functions over arrays and tables; it never imports the stages that call it."""
