"""One file's bytes to one standard photo.

In: bytes that nobody has looked at. Out: pixels of one size, upright, in sRGB, without metadata; or the
reason why there are none.
"""
