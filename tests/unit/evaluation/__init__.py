"""As `evaluation` is laid out."""
