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


class NoStepError(BackstopError):
    """A rule of the replay looks at a step that the file does not have."""

    code = "no-step"
    exit_code = 2

    def __init__(self, where: str, action: str, actor: str = "") -> None:
        by = f" by {actor}" if actor else ""
        super().__init__(f"{where}: the replay needs a step {action!r}{by}", action=action, actor=actor)


class UnusableFactsError(BackstopError):
    """The facts of a file are well formed, but lead a replay to a calculation that has no result."""

    code = "unusable-facts"
    exit_code = 2

    def __init__(self, cause: Exception, where: str = "") -> None:
        kind = type(cause).__name__
        said = str(cause) or "nothing of the kind that is looked for"
        at = f"{where}: " if where else ""
        super().__init__(
            f"{at}the facts lead to no result ({kind}: {said}; -vv shows where)", cause=kind, said=said
        )


NO_RESULT = (ArithmeticError, LookupError, StopIteration, ValueError)
"""What Python raises where numbers or names of a file do not fit each other."""


class UnknownActionError(BackstopError):
    """The replay has no rule for this action."""

    code = "unknown-action"
    exit_code = 2

    def __init__(self, action: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"no rule for action {action!r}; this replay knows {', '.join(known)}", action=action, known=known
        )


class ScenarioError(BackstopError):
    """A market, a chain of blocks or a run is described or used wrongly."""

    code = "scenario"
    exit_code = 2


class SeedRangeError(ScenarioError):
    """A seed, run index, step or lane does not fit its place in the generator's counter."""

    code = "seed-range"

    def __init__(self, what: str, value: float, bits: int) -> None:
        super().__init__(f"{what} = {value} is not in [0, 2**{bits})", what=what, value=value, bits=bits)


class ParameterError(ScenarioError):
    """A parameter lies outside the range in which the model means something."""

    code = "parameter"

    def __init__(self, what: str, value: object, allowed: str) -> None:
        super().__init__(f"{what} = {value}: must be {allowed}", what=what, value=str(value), allowed=allowed)


class CorrelationError(ScenarioError):
    """A correlation matrix is not symmetric with unit diagonal and positive semi-definite."""

    code = "correlation"

    def __init__(self, reason: str, row: int, value: float) -> None:
        super().__init__(f"correlation matrix, row {row}: {reason} ({value})", row=row, value=value)


class PriceFileError(ScenarioError):
    """A file of prices cannot be used; the row is the file's own (the header is row 1)."""

    code = "price-file"

    def __init__(self, path: str, row: int, reason: str) -> None:
        super().__init__(f"{path}, row {row}: {reason}", path=path, row=row, reason=reason)


class MissingExtraError(ScenarioError):
    """An optional package is needed."""

    code = "missing-extra"
    exit_code = 3

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra {extra}: pip install 'backstop[{extra}]'", extra=extra)


class PopulationError(ScenarioError):
    """A file with a population was given to what follows accounts one by one."""

    code = "population"

    def __init__(self, title: str) -> None:
        super().__init__(
            f"{title!r} has a population: its accounts are judged as arrays by stress, sweep and compare; "
            "name accounts or agents for everything else",
            title=title,
        )
