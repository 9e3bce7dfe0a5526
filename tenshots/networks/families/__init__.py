"""One file per family of networks; its name is what `networks.NAME.family` says, so no list of them is kept.

In: a section of `networks`. Out: its settings, checked, which say what the network is and build it.
"""
