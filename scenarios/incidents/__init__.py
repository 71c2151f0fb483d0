"""Incidents of the past: the facts of each (``facts/*.yaml``) and its replay."""
