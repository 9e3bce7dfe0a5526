"""A folder for PYTHONPATH: Python imports what lies in it whenever it starts."""
