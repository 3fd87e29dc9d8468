"""Files as such, whatever stands in them: read with limits, written whole or not at all, known by their hash."""
