"""Collateral vaults and lending pools: shares, caps, queues, groups, interest."""
