"""As `interpretation` is laid out."""
