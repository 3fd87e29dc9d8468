"""Degradations: their stages, presets and chains of stages, and degrading whole folders."""
