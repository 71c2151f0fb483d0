"""Contracts that chain readers are tested with, and how to place them.

Our own (``ChainFixtures.sol``) are compiled once and committed; run this file as a program to compile them
again. Chainlink's proxy and FluxAggregator (@chainlink/contracts 0.8.0, MIT), Pyth's mock
(@pythnetwork/pyth-sdk-solidity 4.2.0, Apache-2.0), Synthetix' oracle manager (@synthetixio/oracle-manager
3.13.0, MIT), the ERC-4626 vaults of OpenZeppelin (@openzeppelin/contracts 5.0.2, MIT) and Solmate
(@rari-capital/solmate 6.4.0, AGPL) and Multicall3 (mds1/multicall3, MIT, a constant of the Python package
multicall) are fetched, and compiled into the project's cache, on first use.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from json_rpc import Rpc
from local_tools import ROOT, ToolMissingError, kept, node_tool, npm_package, run_tool, uv_command
from pinned_packages import (
    CHAINLINK_CONTRACTS,
    OPENZEPPELIN_CONTRACTS,
    PYTH_SDK,
    SOLC,
    SOLC_0_6_6,
    SOLMATE,
    SYNTHETIX_CORE_CONTRACTS,
    SYNTHETIX_ORACLE_MANAGER,
    Package,
)

FOLDER = ROOT / "tests" / "contracts"
OWN_SOURCE = FOLDER / "solidity" / "ChainFixtures.sol"
COMPILED = FOLDER / "solidity" / "chain_fixtures.json"
STAND_INS = ("RevertUtil.sol", "ForkDetector.sol")
"""Two utilities of Synthetix that no published package holds, written by us."""
OFFSET_VAULT = "OffsetVault.sol"
"""Our concrete form of OpenZeppelin's abstract vault."""

FOREIGN = ("EACAggregatorProxy", "FluxAggregator", "MockERC4626", "MockPyth", "NodeModule", "OffsetVault")
"""Contracts of others: compiled from pinned packages on first use, never committed."""
MULTICALL_PACKAGE = "multicall==0.15.2"
MULTICALL3_KECCAK = "d5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891"
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
GAS = hex(30_000_000)


@cache
def _compiled() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(COMPILED.read_text())
    return loaded


def source_digest() -> str:
    """Return the SHA-256 of our own sources."""
    sources = [OWN_SOURCE, *(OWN_SOURCE.parent / name for name in (*STAND_INS, OFFSET_VAULT))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def committed_digest() -> str:
    """Return the SHA-256 of the source that was compiled."""
    return str(_compiled()["source_sha256"])


@cache
def _foreign() -> dict[str, str]:
    packages = (
        CHAINLINK_CONTRACTS,
        PYTH_SDK,
        SYNTHETIX_ORACLE_MANAGER,
        SYNTHETIX_CORE_CONTRACTS,
        OPENZEPPELIN_CONTRACTS,
        SOLMATE,
        SOLC,
        SOLC_0_6_6,
    )
    pins = source_digest() + "".join(package.integrity for package in packages) + " ".join(FOREIGN)
    name = f"chain_contracts-{hashlib.sha256(pins.encode()).hexdigest()[:16]}.json"
    text = kept(name, lambda: json.dumps(compile_foreign()), _has_all_foreign)
    loaded: dict[str, str] = json.loads(text)
    return loaded


def _has_all_foreign(text: str) -> bool:
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and all(found.get(name) for name in FOREIGN)


def code_of(name: str) -> bytes:
    """Return the creation code of a contract."""
    return bytes.fromhex(_foreign()[name] if name in FOREIGN else _compiled()["creation_code"][name])


@cache
def multicall3_runtime() -> str:
    """Return the genuine runtime code of Multicall3, fetched once and checked by its hash."""
    return "0x" + kept("multicall3.hex", _multicall3_of_package, _is_multicall3)


def _is_multicall3(code: str) -> bool:
    from eth_hash.auto import keccak

    try:
        return keccak(bytes.fromhex(code)).hex() == MULTICALL3_KECCAK
    except ValueError:
        return False


def _multicall3_of_package() -> str:
    uv = uv_command()
    installer = (
        [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [*installer, "--quiet", "--no-deps", "--target", folder, MULTICALL_PACKAGE]
        run_tool(f"cannot fetch {MULTICALL_PACKAGE}", command)
        tree = ast.parse((Path(folder) / "multicall" / "constants.py").read_text())
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    candidates = [text.removeprefix("0x") for text in texts if len(text) > 2_000]
    for candidate in candidates:
        if _is_multicall3(candidate):
            return candidate
    raise ToolMissingError(f"{MULTICALL_PACKAGE} holds no Multicall3 of the known hash")


def send(rpc: Rpc, account: str, to: str | None, data: bytes) -> dict[str, Any]:
    """Send a transaction and return its receipt; it must succeed."""
    request = {"from": account, "data": "0x" + data.hex(), "gas": GAS, **({"to": to} if to else {})}
    digest = rpc("eth_sendTransaction", request)
    for _ in range(10_000):
        receipt: dict[str, Any] | None = rpc("eth_getTransactionReceipt", digest)
        if receipt is not None:
            assert receipt["status"] == "0x1", receipt
            return receipt
    raise RuntimeError("no receipt")


def deploy(rpc: Rpc, account: str, code: bytes) -> str:
    """Deploy ``code``; return the address in lower case."""
    return str(send(rpc, account, None, code)["contractAddress"]).lower()


def place(rpc: Rpc, account: str, address: str, code: bytes) -> str:
    """Put a contract at a chosen address by running its constructor there."""
    rpc("anvil_setCode", address, "0x" + code.hex())
    # What the constructor returns is the runtime code. Asked for first and without effect: that is right
    # for constructors that create no further contract.
    runtime = rpc("eth_call", {"from": account, "to": address, "gas": GAS}, "latest")
    send(rpc, account, address, b"")
    rpc("anvil_setCode", address, runtime)
    return address.lower()


def _compile(compiler: Package, sources: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    task = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": {
            "optimizer": {"enabled": True, "runs": 10_000},
            "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
        },
    }
    if compiler is SOLC:
        task["settings"]["evmVersion"] = "paris"  # type: ignore[index]
    command = [*node_tool("node"), str(FOLDER / "solidity" / "compile.cjs"), str(npm_package(compiler))]
    answer = json.loads(run_tool("the compiler does not run", command, 300, input=json.dumps(task)))
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ValueError("\n".join(errors))
    return {
        name: answer["contracts"][path][name]["evm"]["bytecode"]["object"] for name, path in wanted.items()
    }


def _tree(
    package: Package, entry: str, others: tuple[Package, ...] = (), own: dict[str, str] | None = None
) -> dict[str, str]:
    """Return a source file of a package and all that it imports, by the names that imports use.

    Parameters
    ----------
    others
        Packages that are imported by their names.
    own
        Files that stand in for ones that no package holds.
    """
    root = npm_package(package)
    found: dict[str, str] = dict(own or {})
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        place = root / path
        for other in others:
            if path.startswith(other.name + "/"):
                place = npm_package(other) / path.removeprefix(other.name + "/")
        found[path] = place.read_text()
        for line in found[path].splitlines():
            if line.startswith("import") and '"' in line:
                target = line.split('"')[1]
                near = target.startswith(".")
                waiting.append(
                    str((Path("/") / Path(path).parent / target).resolve())[1:] if near else target
                )
    return found


def compile_foreign() -> dict[str, str]:
    """Return the creation code of the contracts of others, by name."""
    code: dict[str, str] = {}
    for name in ("EACAggregatorProxy", "FluxAggregator"):
        path = f"src/v0.6/{name}.sol"
        code |= _compile(SOLC_0_6_6, _tree(CHAINLINK_CONTRACTS, path), {name: path})
    module = "contracts/modules/NodeModule.sol"
    utilities = f"{SYNTHETIX_CORE_CONTRACTS.name}/contracts/utils/"
    stand_ins = {utilities + name: (OWN_SOURCE.parent / name).read_text() for name in STAND_INS}
    tree = _tree(SYNTHETIX_ORACLE_MANAGER, module, (SYNTHETIX_CORE_CONTRACTS,), stand_ins)
    code |= _compile(SOLC, tree, {"NodeModule": module})
    tree = _tree(OPENZEPPELIN_CONTRACTS, "token/ERC20/extensions/ERC4626.sol")
    tree[OFFSET_VAULT] = (OWN_SOURCE.parent / OFFSET_VAULT).read_text()
    code |= _compile(SOLC, tree, {"OffsetVault": OFFSET_VAULT})
    plain = "src/test/utils/mocks/MockERC4626.sol"
    code |= _compile(SOLC, _tree(SOLMATE, plain), {"MockERC4626": plain})
    return code | _compile(SOLC, _tree(PYTH_SDK, "MockPyth.sol"), {"MockPyth": "MockPyth.sol"})


def main() -> None:
    """Write the compiled form of our own contracts."""
    own = {"ChainFixtures.sol": OWN_SOURCE.read_text()}
    names = ("OcrAggregator", "Canned", "Swallower", "StablePool")
    document = {
        "sources": {"ChainFixtures.sol": "our own, solc 0.8.26"},
        "source_sha256": source_digest(),
        "creation_code": dict(sorted(_compile(SOLC, own, dict.fromkeys(names, "ChainFixtures.sol")).items())),
    }
    COMPILED.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
