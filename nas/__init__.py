"""Stage one: the supernet over a search space, its training by a strategy, and the selection on it."""
