"""``backstop verify``: hold vector files of the real contracts against our models."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer, Message
from scenarios.verify.run import exit_code, verify_paths


def run(arguments: Namespace) -> Answer:
    """Check every file and answer per file; a mismatch is exit code 4."""
    results = verify_paths(arguments.path)
    rows = [
        {
            "file": result.file,
            "format": result.format,
            "cases": result.cases,
            "matched": result.matched,
            "mismatched": result.mismatched,
            "largest_error": result.largest_error,
            "first_mismatch": result.first_mismatch,
            "groups": result.groups,
        }
        for result in results
    ]
    errors = tuple(
        Message("error", "mismatch", f"{result.file}: {result.first_mismatch}", {"file": result.file})
        for result in results
        if not result.verified
    )

    def show() -> None:
        width = max(len(result.file) for result in results)
        header = f"{'file':<{width}}  {'cases':>9}  {'matched':>9}  {'mismatched':>10}  largest error"
        sys.stdout.write(header + "\n")
        for result in results:
            counts = f"{result.cases:>9,}  {result.matched:>9,}  {result.mismatched:>10,}"
            sys.stdout.write(f"{result.file:<{width}}  {counts}  {result.largest_error}\n")
        total, wrong = sum(r.cases for r in results), sum(r.mismatched for r in results)
        sys.stdout.write(f"{total - wrong:,} of {total:,} figures of the real contracts reproduced\n")
        for error in errors:
            sys.stderr.write(f"mismatch: {error.message}\n")

    return Answer({"files": rows}, show, exit_code(results), errors)
