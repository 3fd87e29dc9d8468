"""How long the parts of a space's networks take on a device, and how well their sum predicts a network's time."""
