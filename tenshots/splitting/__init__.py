"""Which photo trains, validates or tests in which fold.

In: the manifest. Out: a part for each photo and fold that divides neither people nor near-duplicates; what a
random split would have leaked.
"""
