"""As `pages/history` is laid out."""
