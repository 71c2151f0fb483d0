"""Names of the protocol's own accounts on the ledger."""

from __future__ import annotations

GROUP = "protocol"
GAS_OF = "gas of "
"""Before an agent's name: the wallet from which his gas is paid; it counts as his."""
DEPOSITORS = f"{GROUP}:depositors"
FUND = f"{GROUP}:insurance fund"
DEFICIT = f"{GROUP}:deficit"
HOUSE = f"{GROUP}:house"
RESERVES = f"{GROUP}:reserves"
VAULT = f"{GROUP}:backstop vault"
PERPETUAL_VENUE = f"{GROUP}:perpetual venue"
"""The protocol's side of trades on perpetuals' own markets."""
OWN = (DEPOSITORS, FUND, DEFICIT, HOUSE, RESERVES, VAULT, PERPETUAL_VENUE)
"""Margin accounts that the protocol itself keeps; no margin rule judges them."""
OTHERS = "others"
"""Owner of the positions and orders with which a file's venues begin."""
PRICE_DECIMALS = 18
"""Of the samples that feeds keep."""
