"""As `augmentation` is laid out."""
