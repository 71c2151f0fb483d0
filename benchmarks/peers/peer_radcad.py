"""radCAD: accounts as a state variable, one policy, three updates; its default copies the state deeply."""

from __future__ import annotations

import sys

import numpy as np
import radcad
from common_job import Clock, answer, make_job
from plain_accounts import accounts_of, block
from radcad import Engine, Experiment, Model, Simulation

if __name__ == "__main__":
    job = make_job()
    model = Model(
        initial_state={"accounts": accounts_of(job), "tick": 0, "liquidations": 0},
        state_update_blocks=[block()],
        params={"spots": [job.spots.tolist()], "marks": [job.marks.tolist()]},
    )
    experiment = Experiment([Simulation(model=model, timesteps=len(job.marks), runs=1)])
    deep = "nodeepcopy" not in sys.argv
    experiment.engine = Engine(deepcopy=deep, backend=radcad.Backend.SINGLE_PROCESS)
    with Clock() as clock:
        last = experiment.run()[-1]
    balances, sizes = (np.array([account[part] for account in last["accounts"]]) for part in (0, 1))
    clock.report(answer(job, balances, sizes, last["liquidations"]))
