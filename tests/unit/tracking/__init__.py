"""As `tracking` is laid out."""
