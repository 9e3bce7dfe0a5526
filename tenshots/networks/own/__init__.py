"""A network of one's own: the list of layers of `family: layers`, checked, judged by shapes, and built.

In: what stands under `parts` and `layers` of a network. Out: Keras layers one after the other, or an error
that names the layer's place in the list, what arrived there, and what helps.
"""
