"""A folder of tests for each package of the library, for the stages and for each folder beside them."""
