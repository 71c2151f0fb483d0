"""One page a command over protocol files: tables and pictures, for terminal and browser alike."""
