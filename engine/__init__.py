"""One run = one folder: configuration, device, weights files, journal, progress."""
