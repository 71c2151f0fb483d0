"""The whole book at once: all accounts of a linear margin rule, or of a scenario table, as arrays."""
