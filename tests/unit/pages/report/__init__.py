"""As `pages/report` is laid out."""
