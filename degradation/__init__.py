"""Degradations: their stages, the presets made of them, and whole folders degraded."""
