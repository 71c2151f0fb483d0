"""Mesa: one agent an account, prices on the model, ``AgentSet.do`` at each step."""

from __future__ import annotations

import mesa
import numpy as np
from common_job import Clock, Job, answer, make_job
from plain_accounts import accounts_of, closed, fails


class Holder(mesa.Agent):
    """One account."""

    def __init__(self, model, account):
        super().__init__(model)
        self.account = account

    def step(self):
        """Close if margin is short."""
        if fails(self.account, self.model.spot, self.model.mark):
            self.account = closed(self.account, self.model.mark)
            self.model.liquidations += 1


class Exchange(mesa.Model):
    """All accounts and the prices."""

    def __init__(self, job: Job):
        super().__init__()
        self.spots, self.marks = job.spots.tolist(), job.marks.tolist()
        self.tick = self.liquidations = 0
        for account in accounts_of(job):
            Holder(self, account)
        self.collector = mesa.DataCollector(model_reporters={"liquidations": "liquidations"})

    def step(self):
        """One tick."""
        self.spot, self.mark = self.spots[self.tick], self.marks[self.tick]
        self.agents.do("step")
        self.collector.collect(self)
        self.tick += 1


if __name__ == "__main__":
    job = make_job()
    model = Exchange(job)
    with Clock() as clock:
        for _ in range(len(job.marks)):
            model.step()
    balances, sizes = (np.array([agent.account[part] for agent in model.agents]) for part in (0, 1))
    clock.report(answer(job, balances, sizes, model.liquidations))
