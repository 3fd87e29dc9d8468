"""A study: arms of networks, each trained and judged by one recipe, as jobs that resume."""
