"""The real `dvc repro`, on drawn photos and a thimble of settings."""
