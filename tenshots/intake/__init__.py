"""From a folder of files to standard photos.

In: whatever people put into the folder: photos of any format, archives, clutter. Out: one row for every file
found, and of each photo kept its pixels, upright and in sRGB, its label and who took it.
"""
