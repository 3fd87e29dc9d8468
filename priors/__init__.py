"""Facial priors: how each is stored, found and drawn. One folder for each kind."""
