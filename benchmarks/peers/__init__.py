"""What the project is worth beside what a beginner would do otherwise, on photos of a folder.

In: photos by label and group, and the weights of the backbones. Out: for each recipe the share of test photos
that it names correctly, with its interval, and how long one training takes.
"""
