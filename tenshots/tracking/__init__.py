"""Every run in MLflow, which this package alone imports.

In: settings, histories, figures and files of a stage. Out: runs in a store, found again by what tells
experiments apart; nothing here is an output of a stage.
"""
