"""As `networks` is laid out."""
