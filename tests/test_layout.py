"""The house: imports point down, and the four import names belong to this distribution alone."""

from __future__ import annotations

import ast
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {"contracts_abi": 0, "protocol": 1, "oracles": 3, "scenarios": 4}
# Inside protocol/: lower rooms know no account.
LOWER = (
    "protocol.venues",
    "protocol.instruments",
    "protocol.pricing",
    "protocol.fixed_point",
    "protocol.errors",
)
IO_MODULES = {
    "socket",
    "http",
    "urllib",
    "requests",
    "web3",
    "aiohttp",
    "pathlib",
    "io",
    "os",
    "subprocess",
    "sqlite3",
}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return found


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(FLOORS))
def test_imports_point_down(package: str) -> None:
    files = modules(package)
    assert files
    for path in files:
        for name in imports_of(path):
            top = name.split(".")[0]
            if top in FLOORS and top != package:
                assert FLOORS[top] < FLOORS[package], f"{path} imports {name}, which is above it"
                assert not (package == "protocol" and top == "contracts_abi"), (
                    f"{path}: protocol needs no ABI"
                )


def test_lower_rooms_know_no_account() -> None:
    for path in modules("protocol"):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if dotted.startswith(LOWER):
            for name in imports_of(path):
                assert not name.startswith("protocol.") or name.startswith(LOWER), f"{path} imports {name}"


def test_protocol_does_no_io() -> None:
    for path in modules("protocol"):
        tree = ast.parse(path.read_text())
        assert not {name.split(".")[0] for name in imports_of(path)} & IO_MODULES, path
        calls = {
            n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not calls & {"open", "print", "input"}, path


def test_import_names_belong_to_this_distribution_alone() -> None:
    owners = packages_distributions()
    for package in FLOORS:
        # An editable install lists no files, so the name may be absent; the wheel job of CI asks strictly.
        assert set(owners.get(package, ["backstop"])) == {"backstop"}


def test_packages_are_typed() -> None:
    for package in FLOORS:
        assert (ROOT / package / "py.typed").exists()
