"""A module of tests for each module of the library and each stage."""
