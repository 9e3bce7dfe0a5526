"""As `labels` is laid out."""
