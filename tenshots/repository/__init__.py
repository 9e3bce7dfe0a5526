"""The project's folder as DVC and git keep it.

In: dvc.lock, the cache, shared folders. Out: which outputs are as they should be; what a kill left is mended.
"""
