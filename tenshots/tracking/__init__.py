"""Every run in MLflow, which this package alone imports.

In: settings, histories, figures and files of a stage. Out: runs in a store, found again by what tells
experiments apart (`identity`); nothing here is an output of a stage. `store` opens it, `sessions` opens and
ends runs, `entries` and `records` add to them, `looks` counts, `registry` holds the champion.
"""
