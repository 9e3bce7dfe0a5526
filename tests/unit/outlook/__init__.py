"""As `outlook` is laid out."""
