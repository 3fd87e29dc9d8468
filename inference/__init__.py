"""A fixed network in use: compiled, loaded, run, evaluated and reported."""
