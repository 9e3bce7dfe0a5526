"""Speed, memory and how well things work, measured by hand; README.md has the tables."""

from tenshots import portable

portable.pin()  # before one of them imports a numeric package
