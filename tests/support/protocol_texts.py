"""Protocol files for tests: shipped ones with some values changed."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from scenarios.files.document import Document
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import open_protocol, read_protocol


def changed(name: str, **changes: object) -> ProtocolFile:
    """Return a shipped file with values set; ``listings__USDC__borrow_cap`` is a path of keys."""
    document = open_protocol(name)
    data: dict[str, Any] = copy.deepcopy(dict(document.data))
    for path, value in changes.items():
        *parents, last = path.split("__")
        here = data
        for key in parents:
            here = here[key]
        here[last] = value
    return read_protocol(replace(document, data=data))


def lending(**changes: object) -> dict[str, Any]:
    """Return the data of a small lending market with a pair, as plain data."""
    data: dict[str, Any] = {
        "title": "small",
        "assets": {
            "ETH": {"decimals": 18, "price": 2000},
            "USDC": {"decimals": 6, "price": 1},
        },
        "venues": {
            "pair": {"type": "constant-product", "reserves": {"ETH": 1000, "USDC": 2000000}},
            "other": {"type": "constant-product", "reserves": {"ETH": 500, "USDC": 1000000}},
        },
        "oracle": {
            "nodes": {
                "dollar": {"type": "constant", "price": 1},
                "spot": {
                    "type": "spot-pool",
                    "venue": "pair",
                    "base": "ETH",
                    "quote": "USDC",
                    "parents": ["dollar"],
                },
            },
            "prices": {"ETH": "spot", "USDC": "dollar"},
        },
        "listings": {
            "ETH": {"collateral_factor": "0.8", "borrowable": False},
            "USDC": {"cash": 3000000},
        },
        "outside": {"half_spread": 0, "flash_liquidity": {"USDC": 100000000, "ETH": 100000}},
        "run": {"steps": 5, "step_seconds": 12},
    }
    return data | changes


def read(data: dict[str, Any]) -> ProtocolFile:
    """Check plain data."""
    return read_protocol(Document(data, "test.yaml"))
