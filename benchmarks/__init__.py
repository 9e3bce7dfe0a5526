"""Speed, memory and how well things work, measured by hand; README.md has the tables."""
