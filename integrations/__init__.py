"""Trained networks in other people's programs: as a spandrel architecture, and as a ComfyUI node."""
