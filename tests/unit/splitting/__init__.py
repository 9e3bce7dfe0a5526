"""As `splitting` is laid out."""
