"""Whether a small pipeline leaves the same bytes on other processors and in other surroundings."""
