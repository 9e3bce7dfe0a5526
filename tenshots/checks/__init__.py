"""Is everything as it must be, before anything computes?

In: params.yaml and the photos' folder. Out: nothing, or every mistake with its key, rule, value and remedy.
"""
