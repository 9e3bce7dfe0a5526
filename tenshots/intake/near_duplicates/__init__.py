"""Which photos show one scene.

In: small thumbnails. Out: clusters of photos that were saved again, cropped, or shot one after the other.
"""
