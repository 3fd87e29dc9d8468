"""Facial dictionaries: building one, matching faces with it, drawing its entries."""
