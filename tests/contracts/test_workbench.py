"""The committed bytecode of our own test contracts is what their source compiles to."""

from __future__ import annotations

import pytest

from workbench import committed, compile_source, source_digest


def test_committed_bytecode_belongs_to_the_source() -> None:
    assert committed()["source_sha256"] == source_digest(), "run: python tests/support/workbench.py"


@pytest.mark.long
def test_the_pinned_compiler_gives_the_committed_bytecode() -> None:
    assert compile_source() == committed()
