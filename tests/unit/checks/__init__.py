"""As `checks` is laid out."""
