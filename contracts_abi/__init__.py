"""Minimal contract interfaces, deployments by chain and bounded decoding."""
