"""Protocol files with a population: borrowers of two coins, and the shipped exchange with few accounts."""

from __future__ import annotations

from typing import Any

from protocol_texts import changed, read
from scenarios.files.protocol import ProtocolFile

SMALL = {"population__accounts": 400, "run__steps": 24, "run__runs": 12}


def lending(**more: object) -> ProtocolFile:
    """Borrowers of two coins against ether and bitcoin."""
    data: dict[str, Any] = {
        "title": "borrowers",
        "assets": {
            "ETH": {"decimals": 18, "price": 2000},
            "BTC": {"decimals": 8, "price": 60000},
            "USDC": {"decimals": 6, "price": 1},
        },
        "oracle": {
            "nodes": {
                "eth": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
                "btc": {"type": "feed", "feed": "BTC/USD", "asset": "BTC"},
                "dollar": {"type": "constant", "price": 1},
            },
            "prices": {"ETH": "eth", "BTC": "btc", "USDC": "dollar"},
        },
        "listings": {
            "ETH": {"collateral_factor": 0.8, "liquidation_threshold": 0.825},
            "BTC": {"collateral_factor": 0.75, "liquidation_threshold": 0.8},
            "USDC": {"cash": 20000000},
        },
        "margin": {"preset": "aave-v3"},
        "liquidation": {"preset": "aave", "bonus": 0.05},
        "insurance_fund": {"USDC": 1000},
        "agents": {
            "eth feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"},
            "btc feed": {"type": "publisher", "feed": "BTC/USD", "asset": "BTC"},
        },
        "population": {
            "accounts": 300,
            "collateral": {"ETH": 2, "BTC": 1},
            "median_value": 50000,
            "debt": {"USDC": 1},
            "lowest_leverage": 0.2,
            "highest_leverage": 0.8,
        },
        "market": {
            "volatility": {"ETH": 1.2, "BTC": 0.9},
            "jumps": [
                {"intensity": 700, "mean": {"ETH": -0.12, "BTC": -0.1}, "deviation": {"ETH": 0.1, "BTC": 0.1}}
            ],
        },
        "run": {"steps": 24, "step_seconds": 3600, "runs": 12, "seed": 4},
    }
    for path, value in more.items():
        *parents, last = path.split("__")
        here = data
        for key in parents:
            here = here[key]
        here[last] = value
    exact: dict[str, Any] = texts(data)
    return read(exact)


def texts(value: Any) -> Any:
    """Return plain data with its fractions as text: files hold no floats."""
    if isinstance(value, dict):
        return {key: texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    return str(value) if isinstance(value, float) else value


def exchange(**more: object) -> ProtocolFile:
    """Return the shipped exchange with few accounts."""
    return changed("whole-book", **{name: texts(value) for name, value in (SMALL | more).items()})


FILES = [lending, exchange]
