"""What a GPU makes of the lectures' networks, on Keras' JAX backend; see `__main__`."""
