"""Labels that look wrong, photos that stand out, and a reference beside the variants.

In: frozen features, labels, predictions. Out: a regression's answers, suspected labels, mistakes worth
a look.
"""
