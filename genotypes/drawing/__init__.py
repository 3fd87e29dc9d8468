"""Drawings of a genotype: its trellises with their paths, and its cells."""
