"""Incidents: facts as data files, and the replays that run them."""
