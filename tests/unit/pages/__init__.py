"""As `pages` is laid out."""
