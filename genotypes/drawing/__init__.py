"""Drawings of a genotype: its trellises with their paths, its cells, and its backbone."""
