"""The ComfyUI node: one file, to be copied into the folder custom_nodes of ComfyUI."""
