"""Stage two: a genotype compiled to a fixed network, trained and evaluated."""
