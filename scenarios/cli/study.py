"""``backstop study``: figures of papers recomputed by simulation, beside the published ones."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from scenarios.cli.answer import Answer
from scenarios.cli.main import UsageError
from scenarios.cli.simulate import print_page
from scenarios.report.manifest import build_manifest
from scenarios.report.pages.page import render_page
from scenarios.report.pages.study import study_markdown, study_page
from scenarios.report.write import write_atomically
from scenarios.studies.registry import STUDIES, study_of


def run(arguments: Namespace) -> Answer:
    """Run studies; a figure outside what is claimed is a finding."""
    if arguments.report and Path(arguments.report).suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"--report {arguments.report}: the name must end in .html")
    names = list(STUDIES) if arguments.name == "all" else [arguments.name]
    found = {name: list(study_of(name).rows(arguments.runs or study_of(name).runs)) for name in names}
    page = study_page(found)
    if arguments.report:
        about = "\n".join(f"{name} {arguments.runs or study_of(name).runs}" for name in names)
        manifest = build_manifest(sys.argv, "studies", about.encode(), seed="1", runs=arguments.runs or 0)
        write_atomically(Path(arguments.report), render_page(page, manifest))

    def show() -> None:
        if arguments.md:
            sys.stdout.write(study_markdown(found))
        else:
            print_page(page, arguments.color)
        if arguments.report:
            sys.stderr.write(f"report: {arguments.report}\n")

    data = {
        name: [asdict(row) | {"deviation": row.deviation, "agrees": row.agrees} for row in rows]
        for name, rows in found.items()
    }
    agree = all(row.agrees for rows in found.values() for row in rows)
    return Answer(data, show, 0 if agree else 1)
