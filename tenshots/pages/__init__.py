"""Pages for people: the report, and experiments beside each other.

In: tables and numbers of the stages. Out: HTML in one file, and the numbers behind it as JSON.
"""
