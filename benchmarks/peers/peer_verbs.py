"""VERBS (an EVM in the process): the job as a contract, one keeper, one block a tick, 500 accounts a call.

The argument names the compiled contract: JSON with ``abi`` and ``bytecode``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import verbs
from common_job import Clock, make_job


def fixed(rows):
    """Return floats as integers of 18 decimals."""
    return [[round(x * 1e6) * 10**12 for x in row] for row in rows.tolist()]


class Keeper:
    """Sets the prices, looks at everybody, liquidates."""

    def __init__(self, address, contract, abi, job):
        self.address, self.contract, self.abi = address, contract, abi
        self.spots, self.marks, self.tick = fixed(job.spots), fixed(job.marks), 0
        self.accounts = len(job.balances)

    def update(self, _rng, env):
        """Return the transactions of a tick."""
        prices = [self.spots[self.tick], self.marks[self.tick]]
        self.abi.setPrices.execute(env, self.address, self.contract, prices)
        self.tick += 1
        hits = []
        for first in range(0, self.accounts, 500):
            found = self.abi.failing.call(env, self.address, self.contract, [first, first + 500])
            hits.extend(found[0][0])
        return [self.abi.liquidate.transaction(self.address, self.contract, [i]) for i in hits]

    def record(self, _env):
        """Return the tick."""
        return self.tick


if __name__ == "__main__":
    compiled = json.loads(Path(sys.argv[1]).read_text())
    job = make_job()
    abi = verbs.abi.get_abi("Margin", compiled["abi"])
    env = verbs.envs.EmptyEnvRandom(1)
    me = verbs.utils.int_to_address(99)
    env.create_account(me, 10**30)
    contract = abi.constructor.deploy(env, me, compiled["bytecode"])
    rows = fixed(np.hstack([job.balances, job.sizes, job.entries]))
    for first in range(0, len(rows), 200):
        abi.open.execute(env, me, contract, [rows[first : first + 200]])
    with Clock() as clock:
        verbs.sim.Sim(101, env, [Keeper(me, contract, abi, job)]).run(len(job.marks), False)
    count = abi.liquidations.call(env, me, contract, [])[0][0]
    clock.report(f"liquidations={count}")
