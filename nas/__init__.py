"""Stage one: the supernet over a search space, and the search that derives a genotype from it."""
