"""Teaching networks: from scratch, or from a backbone.

In: a network, images, labels, settings and a seed. Out: weights and a history, the same bytes whatever is
trained beside it.
"""
