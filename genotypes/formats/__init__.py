"""Architectures as other programs write them, in both directions."""
