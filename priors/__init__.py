"""Where the three facial priors come from: landmarks, parsing maps and dictionaries made from photographs."""
