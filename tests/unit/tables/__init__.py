"""As `tables` is laid out."""
