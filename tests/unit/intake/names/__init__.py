"""As `intake/names` is laid out."""
