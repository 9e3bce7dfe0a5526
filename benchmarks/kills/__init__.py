"""Whether a `kill -9` at any moment costs nothing but time: kills at counted events, and runs again.

hook/sitecustomize.py counts and kills inside the process; points.py draws where; projects.py copies the small
project and compares; trials.py kills and runs again.
"""
