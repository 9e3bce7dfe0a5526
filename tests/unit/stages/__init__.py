"""As `stages` is laid out."""
