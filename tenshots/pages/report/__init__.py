"""The comparison of variants, in numbers and on one page.

In: what evaluation, inspection, study and visualise left. Out: the contents of reports/comparison.json, its
Markdown, and the page.
"""
