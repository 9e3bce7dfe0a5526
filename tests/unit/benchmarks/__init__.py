"""As `benchmarks` is laid out."""
