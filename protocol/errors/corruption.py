"""Errors of the cost of corrupting an oracle."""

from __future__ import annotations

from protocol.errors.base import RuleError


class CorruptionError(RuleError):
    """A question about the cost of corruption that cannot be answered as asked."""

    code = "corruption"


class MissingCostModelError(CorruptionError):
    """The search reached a source whose cost nobody declared."""

    code = "missing-cost-model"

    def __init__(self, label: str, node: str) -> None:
        super().__init__(f"no cost model for the source {label!r} ({node[:12]})", label=label, node=node)


class UnsupportedNodeError(CorruptionError):
    """A node type without a rule has more parents than can be tried."""

    code = "unsupported-node"

    def __init__(self, kind: str, parents: int, most: int) -> None:
        super().__init__(
            f"node type {kind!r} has no corruption rule; {parents} parents are more than the {most} tried",
            kind=kind,
            parents=parents,
            most=most,
        )


class NoHonestAnswerError(CorruptionError):
    """The oracle gives no answer before the attack, so no factor of it can be asked for."""

    code = "no-honest-answer"

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"cannot {target}: the honest oracle gives none ({why})", target=target, why=why)
