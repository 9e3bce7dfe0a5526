"""As `backbones` is laid out."""
