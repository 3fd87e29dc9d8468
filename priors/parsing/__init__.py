"""Face parsing: label maps and the network that finds them."""
