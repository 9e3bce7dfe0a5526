"""The comparison of variants: in numbers (comparison), and on one page (page)."""
