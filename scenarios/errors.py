"""Errors of worlds and replays."""

from __future__ import annotations

from protocol.errors import BackstopError


class UnbackedError(BackstopError):
    """A venue or vault believes to hold what the ledger does not show: a defect of the program."""

    code = "unbacked"
    exit_code = 1

    def __init__(self, transaction: str, holder: str, asset: str, believed: int, held: int) -> None:
        super().__init__(
            f"after {transaction}: {holder} counts {believed} {asset} (raw), the ledger shows {held}",
            holder=holder,
            asset=asset,
            believed=believed,
            held=held,
        )


class StepError(BackstopError):
    """A step of a scenario cannot be done; the transaction it belongs to is undone."""

    code = "step-failed"
    exit_code = 2

    def __init__(self, where: str, step: int, action: str, cause: BackstopError) -> None:
        self.step = step
        self.cause = cause
        super().__init__(
            f"{where}: step {step} ({action}): {cause.message}",
            step=step,
            action=action,
            cause=cause.code,
            numbers=cause.details,
        )


class UnknownActionError(BackstopError):
    """The replay has no rule for this action."""

    code = "unknown-action"
    exit_code = 2

    def __init__(self, action: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"no rule for action {action!r}; this replay knows {', '.join(known)}", action=action, known=known
        )
