"""Networks: from settings to a Keras model, its weights, and images through it.

In: a section of `networks`, files of weights, images. Out: models, logits and probabilities, frozen features
and the linear classifiers on them.
"""
