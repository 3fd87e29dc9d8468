"""What an architecture is: search space, genotype file, decoding, sampling, differences, drawing. Imports no torch."""
