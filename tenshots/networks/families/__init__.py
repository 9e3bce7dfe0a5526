"""A file a family of networks.

In: a section of `networks`. Out: a Keras model from photos to logits.
"""
