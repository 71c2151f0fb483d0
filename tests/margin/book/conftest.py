from __future__ import annotations

import pytest


@pytest.fixture(params=[False, True], ids=["numpy", "compiled"])
def fast(request: pytest.FixtureRequest) -> bool:
    """Return each of the two implementations."""
    return bool(request.param)
