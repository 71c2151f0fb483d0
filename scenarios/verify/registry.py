"""Which checker reads which vector file.

A file tells its format in a ``format`` field; files without one are told by their name, in which a
seed or a serial number may follow (``uniswap_v2_cumulative_2.json.gz``).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import PurePath

from scenarios.verify.errors import UnknownFormatError, VectorFileError
from scenarios.verify.tally import Checker, Document

MODULES = (
    "scenarios.verify.curve",
    "scenarios.verify.liquidation_derive",
    "scenarios.verify.liquidation_euler",
    "scenarios.verify.liquidation_flip",
    "scenarios.verify.liquidation_gmx",
    "scenarios.verify.liquidation_liquity",
    "scenarios.verify.liquidation_maker",
    "scenarios.verify.liquidation_tables",
    "scenarios.verify.margin_derive",
    "scenarios.verify.margin_lending",
    "scenarios.verify.margin_simm",
    "scenarios.verify.margin_synthetix",
    "scenarios.verify.margin_tables",
    "scenarios.verify.oracles_adapters",
    "scenarios.verify.oracles_chainlink",
    "scenarios.verify.oracles_maker",
    "scenarios.verify.oracles_medians",
    "scenarios.verify.oracles_pyth",
    "scenarios.verify.oracles_redstone",
    "scenarios.verify.oracles_solana",
    "scenarios.verify.oracles_synthetix",
    "scenarios.verify.oracles_synthetix_nodes",
    "scenarios.verify.oracles_tellor",
    "scenarios.verify.pricing_curves",
    "scenarios.verify.uniswap_v2",
    "scenarios.verify.uniswap_v3",
    "scenarios.verify.vaults_interest",
    "scenarios.verify.weighted_pool",
)
"""Modules that export ``CHECKERS: dict[str, Checker]``, imported when the first file is read.

A name that cannot be imported is an error, and the tests hold this table equal to the folder.
"""

SUFFIXES = (".json", ".json.gz")


@cache
def checkers() -> dict[str, Checker]:
    """Return every known format with its checker.

    Raises
    ------
    ValueError
        If two modules claim one format: a defect.
    """
    found: dict[str, Checker] = {}
    for module in MODULES:
        exported: dict[str, Checker] = import_module(module).CHECKERS
        if taken := found.keys() & exported.keys():
            raise ValueError(f"{module} claims formats that are taken: {sorted(taken)}")
        found |= exported
    return found


def is_vector_file(name: str) -> bool:
    """Return whether a file of this name is read when a folder is walked."""
    return name.lower().endswith(SUFFIXES)


def format_of(file: str, document: Document) -> str:
    """Return the format of a file.

    Raises
    ------
    UnknownFormatError
        If neither the field nor the name is known.
    VectorFileError
        If the field is not text.
    """
    known = checkers()
    said = document.get("format")
    if said is not None:
        if not isinstance(said, str):
            raise VectorFileError(file, f"format must be text, got {said!r}")
        if said in known:
            return said
        raise UnknownFormatError(file, said, known)
    words = _words(PurePath(file).name)
    fitting = [name for name in known if words.startswith(_words(name))]
    if not fitting:
        raise UnknownFormatError(file, None, known)
    return max(fitting, key=len)


def _words(name: str) -> str:
    """Return the words of a name, each closed by a blank, so that a prefix ends where a word ends."""
    base = name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        base = base.removesuffix(suffix)
    return " ".join("".join(c if c.isalnum() else " " for c in base).split()) + " "
