"""A whole book of accounts on the paths of a market: the array plane of a stress test."""
