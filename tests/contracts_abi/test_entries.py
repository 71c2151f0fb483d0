"""Every selector is keccak-256 of its signature; every address carries its checksum."""

from __future__ import annotations

import ast
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest
from eth_utils import is_checksum_address, keccak

import contracts_abi
from contracts_abi import deployments, families
from contracts_abi.entry import Entry, Error, Event, Function, PrecompiledFunction
from contracts_abi.families import chainlink_proxy, multicall3, pyth, uniswap_v2, uniswap_v3
from contracts_abi.keccak import checksum, keccak256

MODULES = [module.name for module in pkgutil.iter_modules(families.__path__)]
ENTRIES = [
    pytest.param(entry, id=f"{module}.{name}")
    for module in MODULES
    for name, entry in vars(import_module(f"contracts_abi.families.{module}")).items()
    if isinstance(entry, Entry)
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_selector_is_the_hash_of_the_signature(entry: Entry) -> None:
    digest = keccak(text=entry.signature)
    if isinstance(entry, Event):
        assert entry.topic == "0x" + digest.hex().removeprefix("0x")
    elif isinstance(entry, PrecompiledFunction):
        assert not entry.selector
        assert entry.call(7) == (7).to_bytes(32, "big")
    else:
        assert isinstance(entry, Function | Error)
        assert entry.selector == digest[:4]
    if isinstance(entry, Function):
        assert entry.outputs or not entry.returns


def test_all_entries_are_there() -> None:
    assert len(ENTRIES) >= 286
    assert len(MODULES) == len(set(MODULES)) >= 32


@pytest.mark.parametrize(
    ("entry", "published"),
    # Literals as explorers and published interfaces print them, not computed here.
    [
        (chainlink_proxy.LATEST_ROUND_DATA, "feaf968c"),
        (chainlink_proxy.DECIMALS, "313ce567"),
        (uniswap_v2.GET_RESERVES, "0902f1ac"),
        (uniswap_v3.SLOT0, "3850c7bd"),
        (multicall3.AGGREGATE3, "82ad56cb"),
        (pyth.GET_PRICE_UNSAFE, "96834ad3"),
    ],
)
def test_published_selectors(entry: Function, published: str) -> None:
    assert entry.selector.hex() == published


def test_every_family_names_its_source() -> None:
    for module in MODULES:
        text = import_module(f"contracts_abi.families.{module}").__doc__ or ""
        assert "Source: " in text, module


def test_every_address_is_checksummed_and_every_chain_listed() -> None:
    names = {module.name for module in pkgutil.iter_modules(deployments.__path__)}
    assert names == set(deployments.CHAINS.values())
    count = 0
    for chain_id, name in deployments.CHAINS.items():
        module = import_module(f"contracts_abi.deployments.{name}")
        assert chain_id == module.CHAIN_ID
        for family, table in module.ADDRESSES.items():
            for label, address in table.items():
                assert is_checksum_address(address), (name, family, label)
                assert checksum(address.lower()) == address
                count += 1
    assert count >= 282


def test_every_address_literal_in_the_package_is_checksummed() -> None:
    root = Path(contracts_abi.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for address in re.findall(r"\b0x[0-9a-fA-F]{40}\b", node.value):
                    assert is_checksum_address(address), (path, address)


def test_unknown_chain_or_family_has_no_address() -> None:
    assert not deployments.addresses(999_999, "pyth")
    assert not deployments.addresses(1, "no-such-family")
    assert deployments.addresses(1, "pyth")[""].startswith("0x4305")


def test_keccak_is_keccak_and_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
