"""What the names of files, folders and archives say: label, person, part of a split.

In: names as people, cameras and platforms write them. Out: one name for one person and one thing, and
sentences on what may be meant otherwise.
"""
