"""As `training` is laid out."""
