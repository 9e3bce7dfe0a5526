"""What the figures say, and how surely.

In: predictions, and which photos belong together. Out: figures with intervals, differences, and what may be
claimed of them, in words.
"""
