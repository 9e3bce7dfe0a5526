"""As `intake` is laid out."""
