"""``backstop incidents``: what is bundled."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.files.library import list_incidents, load_incident


def run(arguments: Namespace) -> Answer:
    """List every bundled incident with its date, mechanism and how many outcomes it has."""
    del arguments
    rows = []
    for name in list_incidents():
        incident = load_incident(name)
        rows.append(
            {
                "id": incident.id,
                "date": str(incident.date_utc)[:10],
                "protocol": incident.protocol,
                "title": incident.title,
                "mechanism": [str(word) for word in incident.mechanism_class],
                "level": str(incident.replay_level),
                "outcomes": len(incident.outcomes),
                "predictions": len(incident.predict),
            }
        )

    def show() -> None:
        width = max(len(str(row["id"])) for row in rows)
        for row in rows:
            sys.stdout.write(f"{row['id']!s:<{width}}  {row['title']}\n")

    return Answer({"incidents": rows}, show)
