"""As `repository` is laid out."""
