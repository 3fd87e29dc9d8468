"""Landmarks and the heatmaps drawn from them."""
