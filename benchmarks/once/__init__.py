"""Counts the runs in MLflow after all that can happen to an experiment: one FINISHED run for each variant?

`python -m benchmarks.once` goes through the cells of `cells`, each on a fresh copy of a small project;
`python -m benchmarks.once.queue` counts what a queue of experiments leaves behind.
"""
