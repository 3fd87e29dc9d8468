"""Whole photographs: their faces found, restored in batches and pasted back."""
