"""The house: imports point down, and the four import names belong to this distribution alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
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
# Classes whose work stands in several modules: what their methods call names them as its first argument, and
# agents, whom a file lists, act on them. Only these may be imported upward, and for annotations alone.
SPREAD = {
    "scenarios.simulation.simulation",
    "scenarios.simulation.protocol",
    "scenarios.simulation.on_chain.blocks",
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


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node: ast.AST, known: set[str], typing: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield every module of ours below a node, lazy ones too, and whether it is for annotations alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, typing) for alias in child.names if alias.name in known)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                module = f"{child.module}.{alias.name}"
                yield (module if module in known else child.module or "", typing)
        elif isinstance(child, ast.Call) and ast.unparse(child.func) == "import_module":
            yield from ((a.value, typing) for a in child.args if isinstance(a, ast.Constant))
        yield from imported(child, known, typing or is_typing(child))


def test_no_module_imports_itself_through_others() -> None:
    paths = {dotted(path): path for package in FLOORS for path in modules(package)}
    graph: TopologicalSorter[str] = TopologicalSorter()
    upward = set()
    for name, path in paths.items():
        for module, typing in imported(ast.parse(path.read_text()), set(paths)):
            if typing and module in SPREAD:
                upward.add(module)
            elif module in paths:
                graph.add(name, module)
    assert upward == SPREAD
    try:
        graph.prepare()
    except CycleError as error:
        pytest.fail("imports run in a circle: " + " <- ".join(error.args[1]))


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
        if dotted(path).startswith(LOWER):
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
