"""The rule on accounts as Python objects, shared by the peers whose state is a list of them."""

from __future__ import annotations

from typing import Any, TypeAlias

from common_job import HAIRCUTS, PENALTY, RATES, Job

Account: TypeAlias = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
KEEP, NEED = (1.0 - HAIRCUTS).tolist(), RATES.tolist()


def accounts_of(job: Job) -> list[Account]:
    """Return balances, sizes and entry prices of every account."""
    rows = zip(job.balances.tolist(), job.sizes.tolist(), job.entries.tolist(), strict=True)
    return [(tuple(b), tuple(s), tuple(e)) for b, s, e in rows]


def fails(account: Account, spot: list[float], mark: list[float]) -> bool:
    """Return whether an account is short of maintenance margin."""
    balances, sizes, entries = account
    if not any(sizes):
        return False
    equity = sum(b * s * k for b, s, k in zip(balances, spot, KEEP, strict=True))
    equity += sum(q * (m - e) for q, m, e in zip(sizes, mark, entries, strict=True))
    return equity < sum(abs(q) * m * r for q, m, r in zip(sizes, mark, NEED, strict=True))


def closed(account: Account, mark: list[float]) -> Account:
    """Return the account after its liquidation."""
    balances, sizes, entries = account
    result = sum(q * (m - e) for q, m, e in zip(sizes, mark, entries, strict=True))
    notional = sum(abs(q) * m for q, m in zip(sizes, mark, strict=True))
    return (balances[0] + result - PENALTY * notional, *balances[1:]), (0.0,) * 4, entries


def find(params: Any, state: Any) -> dict[str, Any]:
    """Return who fails at the state's tick (the policy of radCAD and cadCAD)."""
    spot, mark = params["spots"][state["tick"]], params["marks"][state["tick"]]
    return {"hits": [i for i, a in enumerate(state["accounts"]) if fails(a, spot, mark)], "mark": mark}


def apply(accounts: list[Account], signal: Any) -> list[Account]:
    """Return the accounts after a tick's liquidations."""
    after = list(accounts)
    for i in signal["hits"]:
        after[i] = closed(after[i], signal["mark"])
    return after


def block() -> dict[str, Any]:
    """Return the state update block that radCAD and cadCAD both take."""
    return {
        "policies": {"find": lambda p, _sub, _history, s: find(p, s)},
        "variables": {
            "accounts": lambda _p, _sub, _history, s, x: ("accounts", apply(s["accounts"], x)),
            "liquidations": lambda _p, _sub, _history, s, x: (
                "liquidations",
                s["liquidations"] + len(x["hits"]),
            ),
            "tick": lambda _p, _sub, _history, s, _x: ("tick", s["tick"] + 1),
        },
    }
