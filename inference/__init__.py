"""A fixed network in use: compiled, loaded, run, judged and reported."""
