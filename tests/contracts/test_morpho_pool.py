"""The lending pool of the vaults beside the real Morpho Blue, action by action."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from evm_chains import fast_chain, volume
from morpho_twins import SENDER, MorphoTwins
from protocol.vaults.desk import supply_share

FEES = (0, 10**17, 25 * 10**16)
ACTIONS = ("supply", "supply", "withdraw", "redeem", "borrow", "borrow", "repay", "wait", "bad")
MOST = 2**128
"""Totals are 128 bits wide in the contract; ours have no bound, and the run starts anew where one is near."""


@pytest.mark.long
@pytest.mark.parametrize("fee", FEES)
def test_shares_debt_interest_reserves_and_bad_debt_are_the_contract_s(fee: int) -> None:
    twins, dice = MorphoTwins(fast_chain(), fee), random.Random(f"morpho {fee}")
    seen: Counter[str] = Counter()
    for _ in range(volume(1500)):
        action = dice.choice(ACTIONS)
        pool = twins.desk.pool("X")
        if (
            max(pool.shares_up(10**24) + pool.supply_shares, pool.debt_shares_up(10**24) + pool.debt_shares)
            >= MOST
        ):
            twins = MorphoTwins(fast_chain(), fee)
            continue
        match action:
            case "wait":
                twins.wait(dice.choice([1, 12, 3600, dice.randint(1, 10**7)]))
            case "bad":
                if dice.random() < 0.2:
                    twins.go_bad()
                    seen["bad"] += 1
            case "supply":
                amount = dice.choice([dice.randint(1, 10**3), dice.randint(10**6, 10**24)])
                # A deposit too small for a share is refused by ours and kept by the contract.
                if pool.shares_down(amount):
                    seen[f"supply {twins.do('supply', amount, dice.randrange(3))}"] += 1
            case "redeem":
                held = twins.state.ledger.balance(SENDER, supply_share("X"))
                amount = dice.choice([held, held + 1, dice.randint(0, held)])
                if amount:
                    seen[f"redeem {twins.do('redeem', amount)}"] += 1
            case "repay":
                owed = twins.desk.debt_shares("m:borrower", "X")
                amount = dice.choice([owed, owed + 1, dice.randint(0, owed)])
                if amount:
                    seen[f"repay {twins.do('repay', amount)}"] += 1
            case _:
                cash = pool.cash
                amount = dice.choice([cash, cash + 1, dice.randint(0, cash + 1), 1])
                if amount:
                    seen[f"{action} {twins.do(action, amount)}"] += 1
    for outcome in ("supply True", "withdraw True", "redeem True", "borrow True", "repay True", "bad"):
        assert seen[outcome] > 3, seen
