"""As `requirements` is laid out."""
