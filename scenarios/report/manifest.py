"""What made a report: version, command, inputs and time, so that a reader can make it again."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

_DISTRIBUTION = "backstop"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Manifest:
    """How to make the report again.

    Parameters
    ----------
    version, commit
        Of this tool; the commit is empty outside a checkout, and ends in ``+`` where files were changed.
    python, platform
        Interpreter and operating system.
    packages
        Name and version of every package the tool itself requires, sorted.
    incident, sha256
        File name (no folder) and hash of the file replayed.
    command
        What was typed, quoted for a shell.
    time
        UTC, ISO 8601 to the second.
    seed, runs
        Master seed (decimal) and number of runs of a study; empty and 0 for a replay, which has neither.
    data
        Name and SHA-256 of what else was read or written.
    """

    version: str
    commit: str
    python: str
    platform: str
    packages: tuple[tuple[str, str], ...]
    incident: str
    sha256: str
    command: str
    time: str
    seed: str = ""
    runs: int = 0
    data: tuple[tuple[str, str], ...] = ()

    def facts(self) -> list[tuple[str, str]]:
        """Return name and text of what is known, for a page; packages apart."""
        known = [
            ("Backstop", self.version),
            ("Commit", self.commit),
            ("Python", self.python),
            ("Platform", self.platform),
            ("Time", self.time),
            ("Incident file", self.incident),
            ("SHA-256 of the incident file", self.sha256),
        ]
        return [(name, value) for name, value in known if value]

    def to_json(self) -> str:
        """Return the manifest as a JSON document that ends in a newline."""
        plain = {name: value for name, value in asdict(self).items() if value not in ("", 0, ())}
        plain["input"] = plain.pop("incident")
        plain["packages"] = dict(self.packages)
        if self.data:
            plain["data"] = dict(self.data)
        return json.dumps(plain, indent=2) + "\n"


def build_manifest(
    argv: Sequence[str],
    incident: str,
    content: bytes,
    *,
    now: datetime | None = None,
    seed: str = "",
    runs: int = 0,
    data: Sequence[tuple[str, str]] = (),
) -> Manifest:
    """Describe this run.

    Parameters
    ----------
    argv
        As in ``sys.argv``; only the last part of its first element is kept, for the rest is this machine's.
    incident
        Path or name of the incident file; only its last part is kept.
    content
        The bytes that were replayed.
    now
        Time of the run; by default ``SOURCE_DATE_EPOCH`` where it is set, else the clock.
    seed, runs, data
        Of a study; folders of the data's names are dropped.
    """
    program = re.split(r"[/\\]", argv[0])[-1].removesuffix(".exe") if argv else _DISTRIBUTION
    if program in {"", "-c", "-m", "__main__.py", "main.py"}:
        program = _DISTRIBUTION
    return Manifest(
        version=_version(_DISTRIBUTION),
        commit=_commit(_ROOT),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.system()} {platform.machine()}".strip() or sys.platform,
        packages=_packages(),
        incident=re.split(r"[/\\]", incident)[-1],
        sha256=hashlib.sha256(content).hexdigest(),
        command=shlex.join([program, *argv[1:]]),
        time=(now or _now()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seed=seed,
        runs=runs,
        data=tuple((re.split(r"[/\\]", name)[-1], digest) for name, digest in data),
    )


def _now() -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _packages() -> tuple[tuple[str, str], ...]:
    try:
        requirements = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        requirements = []
    names = {re.split(r"[^A-Za-z0-9._-]", r, maxsplit=1)[0] for r in requirements if "extra ==" not in r}
    return tuple((name, _version(name)) for name in sorted(names, key=str.lower))


def _commit(root: Path) -> str:
    """Return the commit of a checkout, ``+`` appended where tracked files differ; empty elsewhere."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return ""
    answers = []
    for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            run = subprocess.run(  # noqa: S603 - fixed arguments, and git found on PATH
                [git, "-C", str(root), "--no-optional-locks", *arguments],
                capture_output=True,
                text=True,
                timeout=5,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        answers.append(run.stdout.strip())
    return answers[0] + ("+" if answers[1] else "")
