"""From photographs to a data set: faces found, aligned and cut, with priors beside them."""
