"""As `intake/photos` is laid out."""
