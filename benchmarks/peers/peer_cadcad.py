"""cadCAD: the model of ``peer_radcad`` by cadCAD's own interface, its defaults."""

from __future__ import annotations

import contextlib
import io

import numpy as np
from common_job import Clock, answer, make_job
from plain_accounts import accounts_of, block

with contextlib.redirect_stdout(io.StringIO()):
    from cadCAD.configuration import Experiment
    from cadCAD.configuration.utils import config_sim
    from cadCAD.engine import ExecutionContext, ExecutionMode, Executor

if __name__ == "__main__":
    job = make_job()
    params = {"spots": [job.spots.tolist()], "marks": [job.marks.tolist()]}
    experiment = Experiment()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        experiment.append_model(
            sim_configs=config_sim({"N": 1, "T": range(len(job.marks)), "M": params}),
            initial_state={"accounts": accounts_of(job), "tick": 0, "liquidations": 0},
            partial_state_update_blocks=[block()],
        )
        context = ExecutionContext(ExecutionMode().local_mode)
        executor = Executor(exec_context=context, configs=experiment.configs)
        with Clock() as clock:
            records, _, _ = executor.execute()
    last = list(records)[-1]
    balances, sizes = (np.array([account[part] for account in last["accounts"]]) for part in (0, 1))
    clock.report(answer(job, balances, sizes, last["liquidations"]))
