"""The simulators that people use today on the job of ``peers/common_job.py``, each in its own environment.

uv installs them; one that cannot be had is named once and left out. A peer that prints another answer than
the job's has done another job, and the run ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "benchmarks" / "peers"
sys.path.insert(0, str(ROOT / "tests" / "support"))

from benchmarks.margin_common import Goals  # noqa: E402
from benchmarks.peers.common_job import ANSWER  # noqa: E402
from local_tools import ToolMissingError, node_tool, npm_package, uv_command  # noqa: E402
from pinned_packages import SOLC  # noqa: E402

PLANS = {
    "Mesa": ("peer_mesa.py", ("mesa==3.3.1",), ()),
    "radCAD, its default": ("peer_radcad.py", ("radcad==0.14.0", "typing_extensions"), ()),
    "radCAD, no deep copies": ("peer_radcad.py", ("radcad==0.14.0", "typing_extensions"), ("nodeepcopy",)),
    "cadCAD, its default": ("peer_cadcad.py", ("cadcad==0.5.3",), ()),
    "verbs": ("peer_verbs.py", ("verbs==0.4.1",), ("@contract",)),
    "fused numba loop": ("peer_numba.py", (), ()),
}


def compiled_contract(folder: Path) -> Path:
    """Compile the job's contract with the pinned compiler."""
    settings = {
        "optimizer": {"enabled": True, "runs": 10_000},
        "evmVersion": "paris",
        "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
    }
    sources = {"Margin.sol": {"content": (PEERS / "Margin.sol").read_text()}}
    script = ROOT / "tests" / "contracts" / "solidity" / "compile.cjs"
    done = subprocess.run(
        [*node_tool("node"), str(script), str(npm_package(SOLC))],
        input=json.dumps({"language": "Solidity", "sources": sources, "settings": settings}),
        capture_output=True,
        text=True,
        check=True,
    )
    made = json.loads(done.stdout)["contracts"]["Margin.sol"]["Margin"]
    path = folder / "Margin.json"
    path.write_text(json.dumps({"abi": made["abi"], "bytecode": made["evm"]["bytecode"]["object"]}))
    return path


def peer(plan: tuple[str, tuple[str, ...], tuple[str, ...]], contract: Path | None) -> dict[str, Any]:
    """Run a peer in its own environment.

    Raises
    ------
    ToolMissingError
        It cannot be had or does not run.
    """
    script, packages, arguments = plan
    command = [sys.executable]
    if packages:
        uv = uv_command()
        if uv is None:
            raise ToolMissingError("uv is needed to install it")
        command = [uv, "run", "--quiet", "--no-project", "--python", sys.executable]
        command += [word for package in packages for word in ("--with", package)] + ["python"]
    if "@contract" in arguments and contract is None:
        raise ToolMissingError("the contract could not be compiled")
    words = [str(contract) if word == "@contract" else word for word in arguments]
    done = subprocess.run(
        [*command, str(PEERS / script), *words], capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        raise ToolMissingError(done.stderr.strip().splitlines()[-1][-160:] if done.stderr else "it fails")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class Peers:
    """All of them, in turn.

    Parameters
    ----------
    folder
        Where the job's contract is compiled to.
    goals
        Told whether each answer is the job's.
    """

    def __init__(self, folder: Path, goals: Goals) -> None:
        self._goals = goals
        self._missing: set[str] = set()
        self._contract: Path | None = None
        try:
            self._contract = compiled_contract(folder)
        except (ToolMissingError, subprocess.CalledProcessError) as error:
            print(f"  the contract for verbs: {error}")

    def run(self, name: str) -> dict[str, Any] | None:
        """Return a peer's answer, CPU seconds (``cpu``) and ``account_ticks``; None if it cannot be had."""
        if name in self._missing:
            return None
        try:
            found = peer(PLANS[name], self._contract)
        except ToolMissingError as error:
            print(f"  {name} could not be run: {error}")
            self._missing.add(name)
            return None
        self._goals.check(name, ANSWER.startswith(found["answer"]))
        return found
