"""Rules of venues, vaults, margin and liquidation; takes prices as plain values and does no I/O."""
