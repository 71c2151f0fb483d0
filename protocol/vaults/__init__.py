"""Vaults of many kinds of collateral and the claims on them."""
