"""Readers: each a plan of calls and what is made of their answers; one small file per protocol."""
