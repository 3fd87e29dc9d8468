"""Measuring how fast networks run, and in how much memory."""
