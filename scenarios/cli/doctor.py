"""``backstop doctor``: what this installation can do, without touching the network."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import Namespace
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from scenarios.cli.answer import Answer
from scenarios.files.library import list_incidents

PACKAGES = ("contracts_abi", "oracles", "protocol", "scenarios")
CORE = ("numpy", "pydantic", "yaml", "networkx", "matplotlib", "jinja2", "rich", "eth_abi", "web3")
EXTRAS = {
    "cluster": "distributed",
    "data": "polars",
    "evm": "pyrevm",
    "fast": "numba",
    "mpc": "mpyc",
    "proofs": "trie",
    "test": "pytest",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer; only a required check that fails is a finding."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    required: bool = True


def run(arguments: Namespace) -> Answer:
    """Check interpreter, packages, names, data and optional programs."""
    del arguments
    checks = [*_interpreter(), *_packages(), *_names(), *_data(), *_optional()]
    bad = any(check.required and not check.ok for check in checks)

    def show() -> None:
        for check in checks:
            mark = "ok     " if check.ok else "MISSING" if check.required else "absent "
            advice = f" ({check.advice})" if check.advice and not check.ok else ""
            sys.stdout.write(f"{mark}  {check.name}: {check.found}{advice}\n")

    return Answer({"checks": checks}, show, 1 if bad else 0)


def _interpreter() -> list[Check]:
    version = sys.version_info
    fine = (3, 11) <= version[:2] < (3, 15)
    return [
        Check("backstop", True, metadata.version("backstop")),
        Check(
            "Python", fine, f"{platform.python_version()} on {platform.system()}", "3.11 to 3.14 is supported"
        ),
    ]


def _packages() -> list[Check]:
    return [
        Check(f"package {name}", find_spec(name) is not None, _version(name), "reinstall backstop")
        for name in CORE
    ]


def _version(name: str) -> str:
    owners = metadata.packages_distributions().get(name)
    return metadata.version(owners[0]) if owners else "not installed"


def _names() -> list[Check]:
    owners = metadata.packages_distributions()
    checks = []
    for name in PACKAGES:
        others = set(owners.get(name, ())) - {"backstop"}
        found = f"also claimed by {', '.join(sorted(others))}" if others else "this distribution's alone"
        checks.append(Check(f"import name {name}", not others, found, "uninstall the other distribution"))
    return checks


def _data() -> list[Check]:
    count = len(list_incidents())
    return [Check("bundled incidents", count > 0, str(count), "reinstall backstop")]


def _optional() -> list[Check]:
    checks = [
        Check(
            f"extra {extra}",
            find_spec(module) is not None,
            _version(module),
            f"backstop[{extra}]",
            required=False,
        )
        for extra, module in EXTRAS.items()
    ]
    places = [
        os.environ.get("BACKSTOP_ANVIL"),
        shutil.which("anvil"),
        str(Path.home() / ".foundry/bin/anvil"),
    ]
    anvil = next((place for place in places if place and Path(place).exists()), None)
    checks.append(
        Check("anvil", anvil is not None, "found" if anvil else "not found", "only tests need it", False)
    )
    return checks
