"""As `demo` is laid out."""
