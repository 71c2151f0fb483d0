"""Venues equal to their contracts to the last unit; one module per family."""
