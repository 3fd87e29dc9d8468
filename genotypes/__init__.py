"""What an architecture is: search space, genotype file, decoding, sampling, differences and drawing. Knows no torch."""
