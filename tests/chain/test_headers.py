"""Headers of ``ETH_RPC_HEADERS``: sent to the node, never shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chain_world import ChainWorld
from fault_proxy import Exchange, FaultProxy
from oracles.chain.endpoint import parse_endpoint, parse_headers
from oracles.chain.errors import BadEndpointError
from scenarios.cli.main import main

ETH = "chainlink:0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"
SECRET = "s3cr3t-t0ken"


def test_forms() -> None:
    both = (("Authorization", "Bearer a,b"), ("X-Key", "1"))
    assert parse_headers("Authorization: Bearer a,b, X-Key: 1") == both
    assert parse_headers("Authorization: Bearer a,b\nX-Key: 1\n") == both
    assert parse_headers("X-Key: 1\nx-key: 2") == (("x-key", "2"),)
    assert parse_headers("") == ()


@pytest.mark.parametrize(
    "text",
    [
        *(SECRET, f": {SECRET}", f"X Y: {SECRET}", "X-Key:", f"Host: {SECRET}", f"content-length: {SECRET}"),
        *(f"X-Key: {SECRET}\x00x", f"X-Key: {SECRET}\rHost: x", f"X-Key: {SECRET}é", f"A: 1\n{SECRET}"),
    ],
)
def test_bad_headers_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(BadEndpointError) as caught:
        parse_headers(text)
    assert SECRET not in f"{caught.value} {caught.value.details}"
    assert caught.value.exit_code == 2


@pytest.mark.node
@pytest.mark.parametrize("refuse", [False, True])
def test_headers_reach_the_node_and_nobody_else(
    refuse: bool,
    world: ChainWorld,
    proxy_of: Callable[..., FaultProxy],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[dict[str, str]] = []

    def note(exchange: Exchange) -> None:
        seen.append({name.lower(): value for name, value in exchange.handler.headers.items()})
        if refuse:
            exchange.error(-32000, "unauthorised", status=401)
        else:
            exchange.pass_on()

    proxy = proxy_of(world.node.url, note)
    monkeypatch.setenv("ETH_RPC_HEADERS", f"Authorization: Bearer {SECRET}\nX-Api-Key: {SECRET}2")
    monkeypatch.setenv("ETH_RPC_URL", proxy.url.replace("//", "//user:word@"))
    assert main(["read", ETH, "--json"]) == (3 if refuse else 0)
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err
    assert seen
    for headers in seen:
        assert (headers["authorization"], headers["x-api-key"]) == (f"Bearer {SECRET}", f"{SECRET}2")
    monkeypatch.setenv("ETH_RPC_HEADERS", SECRET)
    assert main(["read", ETH]) == 2
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err


def test_an_endpoint_shows_no_header() -> None:
    from dataclasses import replace

    endpoint = replace(parse_endpoint("https://node.example"), headers=(("X-Key", SECRET),))
    assert SECRET not in f"{endpoint} {endpoint!r} {endpoint.label}"
