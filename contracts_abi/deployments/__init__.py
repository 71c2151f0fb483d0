"""Addresses by chain and contract family, one small file per chain."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

CHAINS: Mapping[int, str] = MappingProxyType(
    {
        1: "ethereum",
        10: "optimism",
        56: "bnb",
        137: "polygon",
        957: "derive",
        999: "hyperevm",
        8453: "base",
        42161: "arbitrum",
        43114: "avalanche",
    }
)


def addresses(chain_id: int, family: str) -> Mapping[str, str]:
    """Return the known addresses of a family on a chain by name ('' for the only one); empty if none."""
    if chain_id not in CHAINS:
        return MappingProxyType({})
    table: dict[str, dict[str, str]] = import_module(f"{__name__}.{CHAINS[chain_id]}").ADDRESSES
    return MappingProxyType(table.get(family, {}))
