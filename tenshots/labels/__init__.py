"""Labels that look wrong, and photos that stand out.

In: frozen features, labels, predictions. Out: a regression's answers, suspected labels, mistakes worth
a look.
"""
