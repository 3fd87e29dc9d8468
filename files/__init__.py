"""Files, whatever they hold: read with limits, written whole or not at all, known by their hash."""
