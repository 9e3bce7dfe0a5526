"""As `statistics` is laid out."""
