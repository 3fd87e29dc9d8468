"""Images in, batches out: reading, degradation, priors, data sets, metrics, alignment and drawn faces."""
