"""Our own two test contracts (``tests/contracts/solidity/Workbench.sol``): compile, load, encode calls.

The compiled form is committed so that tests need no compiler. Run this file as a program to write it
again after a change of the source.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector

from local_tools import ROOT, node_tool, npm_package, run_tool
from pinned_packages import SOLC

FOLDER = ROOT / "tests" / "contracts" / "solidity"
SOURCE = FOLDER / "Workbench.sol"
COMPILED = FOLDER / "workbench.json"
CALLS = "(address,uint256,bytes)[]"


def source_digest() -> str:
    """Return the SHA-256 of the source."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()


def compile_source() -> dict[str, Any]:
    """Compile the source with the pinned compiler; return what is committed."""
    settings = {
        "optimizer": {"enabled": True, "runs": 10_000},
        "evmVersion": "paris",
        "metadata": {"bytecodeHash": "none", "appendCBOR": False},
        "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
    }
    sources = {SOURCE.name: {"content": SOURCE.read_text()}}
    task = {"language": "Solidity", "sources": sources, "settings": settings}
    command = [*node_tool("node"), str(FOLDER / "compile.cjs"), str(npm_package(SOLC))]
    answer = json.loads(run_tool("the compiler does not run", command, 300, input=json.dumps(task)))
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ValueError("\n".join(errors))
    contracts = answer["contracts"][SOURCE.name]
    return {
        "compiler": f"{SOLC.name} {SOLC.version}",
        "settings": settings,
        "source_sha256": source_digest(),
        "creation_code": {name: contracts[name]["evm"]["bytecode"]["object"] for name in sorted(contracts)},
    }


@cache
def committed() -> dict[str, Any]:
    """Return the committed compiled form."""
    loaded: dict[str, Any] = json.loads(COMPILED.read_text())
    return loaded


def workbench_code(name: str) -> bytes:
    """Return the creation code of ``Token`` or ``Trader``."""
    return bytes.fromhex(committed()["creation_code"][name])


class Call(NamedTuple):
    """One step of a trader's script."""

    target: str
    data: bytes
    value: int = 0


selector = cache(function_signature_to_4byte_selector)


@cache
def _types(signature: str) -> tuple[str, ...]:
    inner = signature[signature.index("(") + 1 : -1]
    assert "(" not in inner, "split nested tuples by hand"
    return tuple(inner.split(",")) if inner else ()


def call_data(signature: str, *arguments: object) -> bytes:
    """Encode a call, for example ``call_data("transfer(address,uint256)", to, 5)``."""
    return selector(signature) + encode(_types(signature), arguments)


def script(calls: Sequence[Call]) -> bytes:
    """Encode a script as the bytes that a callback hands back to the trader."""
    return encode([CALLS], [[(call.target, call.value, call.data) for call in calls]])


def run_data(calls: Sequence[Call]) -> bytes:
    """Encode ``Trader.run``."""
    return selector(f"run({CALLS})") + script(calls)


def read_data(calls: Sequence[Call]) -> bytes:
    """Encode ``Trader.read``."""
    return selector(f"read({CALLS})") + script(calls)


def main() -> None:
    """Write the compiled form."""
    Path(COMPILED).write_text(json.dumps(compile_source(), indent=1) + "\n")


if __name__ == "__main__":
    main()
