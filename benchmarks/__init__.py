"""Speed, memory and how well things work, measured by hand; README.md has the tables."""

import sys

from tenshots import portable

portable.pin(restart=sys.argv[0] == "-m")  # before one of them imports a numeric package
