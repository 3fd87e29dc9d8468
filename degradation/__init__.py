"""Degradations: their stages, presets and rows made of them, and whole folders degraded."""
