"""As `studies` is laid out."""
