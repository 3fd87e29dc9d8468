"""From a data folder to batches: faces, their degraded versions and their priors."""
