"""Saved networks on photos that none of them saw.

In: what training left, photos, splits. Out: a probability of each label for each photo, and figures of them.
"""
