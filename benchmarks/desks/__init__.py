"""Desks drawn in moments by a small renderer: look-alikes and bursts for `benchmarks.near_duplicates`.

The photos of `data/demo` are rendered far better, by `demo`; that takes 15 s of one core per photo, and here
hundreds are needed.
"""
