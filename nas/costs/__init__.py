"""Costs of architectures, counted exactly: of the parts of a branch, of its paths and cells, of the best in limits."""
