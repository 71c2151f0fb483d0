"""Pictures of runs and sweeps, each a small class that draws itself as inline SVG."""
