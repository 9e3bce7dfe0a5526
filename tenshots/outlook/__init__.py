"""Which variant answers soonest, about how long the rest takes, and settings for a quick trial.

In: settings, how much each network computes for an image, what DVC says is out of date. Out: names, sentences
and settings.
"""
