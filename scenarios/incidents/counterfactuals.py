"""The counterfactual table: the same attack, step for step, against every reader that a replay offers."""

from __future__ import annotations

from dataclasses import replace

from protocol.errors import BackstopError, InsufficientBalanceError
from scenarios.errors import NO_RESULT, StepError, UnusableFactsError
from scenarios.files.models import Incident
from scenarios.incidents.readers import Reader, Stake
from scenarios.incidents.registry import replayer_of
from scenarios.incidents.replayer import Replayer
from scenarios.result import Counterfactual, Replay

AS_DEPLOYED = Reader("as deployed", "used", lambda: None)


def replay_with_counterfactuals(incident: Incident) -> Replay:
    """Replay an incident, then run it again against each other reader.

    Raises
    ------
    StepError
        Where the incident itself does not go through; a reader that refuses a step is a row, not an error.
    """
    deployed = replayer_of(incident)
    found = deployed.run()
    rows = [_row(deployed, AS_DEPLOYED, None)]
    rows += [_against(incident, reader) for reader in deployed.offered]
    return replace(found, counterfactuals=tuple(rows))


def _against(incident: Incident, reader: Reader) -> Counterfactual:
    replayer = replayer_of(incident)
    try:
        replayer.run(reader.name)
    except StepError as refusal:
        return _row(replayer, reader, refusal)
    return _row(replayer, reader, None)


def _row(replayer: Replayer, reader: Reader, refusal: StepError | None) -> Counterfactual:
    row = Counterfactual(reader.name, reader.kind, replayer.answer_multiple(), note=reader.note)
    if refusal is not None:
        return replace(row, refused_at=refusal.step, reason=_reason(replayer, refusal.cause))
    try:
        stake = replayer.stake()
    except NO_RESULT as cause:  # the figures of a changed file may lack what is counted
        stake = Stake(None, None, "", UnusableFactsError(cause).message)
    return replace(row, profit=stake.profit, loss=stake.loss, unit=stake.unit, basis=stake.basis)


def _reason(replayer: Replayer, cause: BackstopError) -> str:
    """Return why, in whole tokens where the ledger speaks of raw units."""
    if isinstance(cause, InsufficientBalanceError):
        asset = cause.details["asset"]
        needed, available = cause.details["needed"], cause.details["available"]
        if isinstance(asset, str) and isinstance(needed, int) and isinstance(available, int):
            return f"needs {replayer.text(asset, needed)}, has {replayer.text(asset, available)}"
    return cause.message
