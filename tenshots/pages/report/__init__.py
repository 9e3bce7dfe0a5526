"""The comparison of variants, in numbers and on one page.

In: predictions, figures and pictures of each variant. Out: comparison.json, comparison.md and index.html.
"""
