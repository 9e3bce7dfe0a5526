"""Experiments beside each other.

In: experiments from MLflow. Out: what each changed and gained, as text, CSV and a page.
"""
