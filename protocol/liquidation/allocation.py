"""Sharing whole units out by weight: exact totals, bounded parts, no unit lost to rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def allocate(total: int, weights: Mapping[str, int], caps: Mapping[str, int] | None = None) -> dict[str, int]:
    """Share ``total`` units in proportion to ``weights``, nobody above his cap.

    Who would get more than his cap gets his cap and the others share the rest in proportion. Fractions are
    rounded down and the units left over go to the largest fractions, ties in the order of ``weights``.

    Parameters
    ----------
    total
        Units to share, at least 0.
    weights
        At least 0 each.
    caps
        Greatest part; None for no bound.

    Returns
    -------
    Parts by name; they add up to ``total``, or to the caps of all with weight if those are fewer.
    """
    parts = dict.fromkeys(weights, 0)
    open_names = [name for name, weight in weights.items() if weight > 0]
    left = total
    while caps is not None and open_names:
        whole = sum(weights[name] for name in open_names)
        full = [name for name in open_names if caps[name] * whole <= weights[name] * left]
        if not full:
            break
        for name in full:
            parts[name] = min(caps[name], left)
            left -= parts[name]
        open_names = [name for name in open_names if name not in set(full)]
    if open_names and left:
        for name, part in zip(
            open_names, _largest_remainders(left, [weights[n] for n in open_names]), strict=True
        ):
            parts[name] = part
    return parts


def _largest_remainders(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    rest = [total * weight % whole for weight in weights]
    for index in sorted(range(len(weights)), key=lambda i: -rest[i])[: total - sum(parts)]:
        parts[index] += 1
    return parts
