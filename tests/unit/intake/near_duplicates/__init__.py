"""As `intake/near_duplicates` is laid out."""
