"""Changed copies of training photos.

In: photos and section `augment`. Out: copies, each drawn from a seed of its own; the preprocessing layers of
Keras that make them.
"""
