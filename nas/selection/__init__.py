"""Selection on a trained supernet: paths, then paths and cells together, for the front of quality and cost."""
