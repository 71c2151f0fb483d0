"""Incident files: exact scalars, locations of every value, one model, and how a replay reads the facts."""
