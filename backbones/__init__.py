"""Networks that this pipeline trained and the project ships, and the recipe that made them."""
