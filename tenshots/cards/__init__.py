"""What the photos are and what the chosen variant is, for those who are given them.

In: outputs of the stages. Out: a model card, a data card and Croissant metadata.
"""
