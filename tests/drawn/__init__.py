"""What tests share: drawn photos and results, small projects, and what is asked of them."""
