"""Checking vector files of the real contracts against our models, for anyone, on files never seen."""
