"""One path over a whole book whose liquidations move the prices that cause the next ones."""

from __future__ import annotations

import numpy as np

from protocol.liquidation.cascade.depth import ConstantProductDepth
from protocol.liquidation.cascade.unwinding import Terms as UnwindingTerms
from protocol.liquidation.cascade.unwinding import Unwinding
from scenarios.markets.elementary import Floats
from scenarios.populations.outcome import OpenBook, Outcome, equity_of


def run_moving(opened: OpenBook, outside: Floats, reserve: Floats, recovery: float) -> Outcome:
    """Run one path with liquidations that trade in pools of limited depth.

    Positions of a failing account go first; if it still fails it sells all its collateral, buys back its
    debts and is closed. Judgements and trades are at the outside prices times what earlier sales did to them.

    Parameters
    ----------
    outside
        ``[steps, assets + instruments]``.
    reserve
        ``[assets + instruments]`` units in each price's pool; infinite where sales do not move it.
    recovery
        Part of what was sold that is bought back between two steps.
    """
    terms, book = opened.terms, opened.book
    still = np.zeros(len(reserve), dtype=np.bool_)
    stands = (outside == outside[0]).all(axis=0) & np.isinf(reserve)
    still[: book.assets] = stands[: book.assets]
    depth = ConstantProductDepth(reserve)
    unwinding = Unwinding(
        book, opened.weights, still, depth, UnwindingTerms(penalty=terms.bonus), fast=opened.fast
    )
    touched = np.zeros(book.accounts, dtype=np.bool_)
    traded, deficit, insolvent = 0.0, 0.0, 0
    for prices in outside:
        depth.recover(recovery)
        done = unwinding.tick(prices)
        touched[done.accounts] = True
        traded, deficit = traded + done.traded, deficit + done.deficit
        insolvent += done.insolvent
    last, after = outside[-1], unwinding.book
    equity = equity_of(after, last)
    lacking = float(-equity[equity < 0].sum())
    # Who was closed has swapped everything for cash, which stands in the costs.
    left = np.where(unwinding.closed[:, None], 0.0, after.balances)
    owned, owed = np.maximum(left, 0.0).sum(axis=0), np.maximum(-left, 0.0).sum(axis=0)
    return Outcome(
        int(touched.sum()),
        traded,
        deficit + lacking,
        insolvent + int((equity < 0).sum()),
        float(equity.sum()) - deficit,
        owed,
        owned,
        0,
    )
