"""The report of a search: one page for a browser."""
