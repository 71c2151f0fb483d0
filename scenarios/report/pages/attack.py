"""The page of an attack's optimum."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.report.drawings.gains import Gains
from scenarios.report.pages.page import Page, Section, number, shown
from scenarios.report.pages.run import MOST_EVENTS

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile
    from scenarios.simulation.attack import Optimum

CENT = Fraction(1, 100)


def attack_page(file: ProtocolFile, result: Optimum) -> Page:
    """Return the page of an attack's optimum."""
    best = result.best
    lead = (
        f"The attack pays: {number(best.profit)} {file.money} with {number(best.capital)} at hand."
        if result.pays
        else "No parameters in the searched ranges make the attack pay."
    )
    answers = [
        (name, number(getattr(best, field)), number(getattr(result.given, field)))
        for name, field in (
            ("profit", "profit"),
            ("loss (not got back)", "loss"),
            ("capital at hand", "capital"),
            ("flash loans", "flash_loan"),
            ("bad debt", "bad_debt"),
        )
    ]
    if best.refused:
        answers.append(("stopped by", best.refused, result.given.refused))
    parameters = tuple(
        (name, shown(value), shown(result.given.parameters[name]), _range(result, name))
        for name, value in best.parameters.items()
    )
    events = tuple(
        (event.kind, event.actor, "; ".join(f"{k} {shown(v)}" for k, v in event.details.items()))
        for event in best.events[:MOST_EVENTS]
    )
    return Page(
        f"Attack: {best.strategy}",
        file.title,
        lead,
        (
            Section(
                "The answer",
                ("Measure", "Optimum", "As in the file"),
                tuple(answers),
                note=f"{result.evaluations} attacks tried, seed {result.seed}.",
            ),
            Section(
                "Who paid",
                ("Party", file.money),
                tuple((name, number(value)) for name, value in best.paid_by.items() if abs(value) >= CENT),
                drawings=(Gains({"the attacker": best.profit, **best.paid_by}, file.money),),
                note="Gains and losses of all others; with the profit they add up to zero.",
            ),
            Section("Parameters", ("Parameter", "Optimum", "As in the file", "Searched"), parameters),
            Section("Steps of the attack", ("Event", "Actor", "Details"), events),
        ),
        file.about,
    )


def _range(result: Optimum, name: str) -> str:
    bounds = result.ranges.get(name)
    return "" if bounds is None else f"{number(bounds.low)} to {number(bounds.high)}"
