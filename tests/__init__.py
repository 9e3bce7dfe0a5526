"""The tests: unit, properties, pipeline (the real `dvc repro` on drawn photos), browser."""
