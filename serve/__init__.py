"""A page for a browser, on this machine: photographs are dropped and restored, and runs are looked at."""
