"""A protocol file brought to life: the world, the protocol's rules in it, runs, stress and attack search."""
