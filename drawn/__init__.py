"""Drawn faces with exact landmarks and label maps, for the demo and for tests."""
