"""What networks say of photos that none of them saw.

In: what training left, photos, splits. Out: predictions of test and of validation photos, and
figures of them.
"""
