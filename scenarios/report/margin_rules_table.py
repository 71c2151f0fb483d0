"""The table of every margin rule, as Markdown: what ``docs/margin.md`` holds."""

from __future__ import annotations

from protocol.margin.presets.registry import PRESETS, Kind, Preset

HEAD = ("Rule", "Lists", "Underlyings", "Levels besides initial and maintenance", "Source", "As of")


def rules_table() -> str:
    """Return one row a rule, in the order of the registry."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(_row(preset) for preset in PRESETS)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _row(preset: Preset) -> tuple[str, ...]:
    levels = [level.value for level in preset.levels if level.value not in {"initial", "maintenance"}]
    lists = "everything" if preset.holds >= set(Kind) else ", ".join(sorted(k.value for k in preset.holds))
    if preset.collateral is not None and preset.collateral:
        lists += f" (balances: {', '.join(sorted(preset.collateral))})"
    return (
        f"`{preset.name}`",
        lists,
        ", ".join(preset.underlyings) or "any",
        ", ".join(levels) or "-",
        preset.source,
        preset.as_of,
    )
