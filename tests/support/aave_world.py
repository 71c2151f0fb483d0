"""A whole Aave V3 pool from its published build (npm @aave/core-v3, BUSL-1.1: fetched, never committed)."""

from __future__ import annotations

from typing import Any

from eth_abi import encode

from chain_world import ChainWorld
from local_tools import artefact
from pinned_packages import AAVE_V3_CORE
from workbench import call_data, selector

ROOT = "artifacts/contracts"
PATHS = {
    "PoolAddressesProvider": "protocol/configuration",
    "ACLManager": "protocol/configuration",
    "Pool": "protocol/pool",
    "PoolConfigurator": "protocol/pool",
    "DefaultReserveInterestRateStrategy": "protocol/pool",
    "AToken": "protocol/tokenization",
    "StableDebtToken": "protocol/tokenization",
    "VariableDebtToken": "protocol/tokenization",
    "AaveOracle": "misc",
    "AaveProtocolDataProvider": "misc",
}
ZERO = "0x" + "00" * 20
RAY = 10**27
INIT = (
    "(address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)[]"
)


class AaveWorld:
    """Two reserves: one of 18 decimals as collateral, one of 6 to borrow.

    Attributes
    ----------
    pool, data_provider, oracle
        Addresses.
    assets
        The two underlying tokens.
    """

    def __init__(self, world: ChainWorld) -> None:
        self.world = world
        self._libraries: dict[str, str] = {}
        account = world.account
        provider = self.provider = self._deploy(
            "PoolAddressesProvider", ["string", "address"], ["test", account]
        )
        self._send(provider, "setACLAdmin(address)", account)
        manager = self._deploy("ACLManager", ["address"], [provider])
        self._send(provider, "setACLManager(address)", manager)
        self._send(manager, "addPoolAdmin(address)", account)
        self._send(provider, "setPoolImpl(address)", self._deploy("Pool", ["address"], [provider]))
        self._send(provider, "setPoolConfiguratorImpl(address)", self._deploy("PoolConfigurator", [], []))
        self.pool = self._address("getPool()")
        self.configurator = self._address("getPoolConfigurator()")
        self.assets = [world.token(18), world.token(6)]
        self.sources = [world.canned(), world.canned()]
        self.oracle = self._deploy(
            "AaveOracle",
            ["address", "address[]", "address[]", "address", "address", "uint256"],
            [provider, self.assets, self.sources, ZERO, ZERO, 10**8],
        )
        self._send(provider, "setPriceOracle(address)", self.oracle)
        self.data_provider = self._deploy("AaveProtocolDataProvider", ["address"], [provider])
        self._list_reserves()

    def price(self, number: int, answer: int) -> None:
        """Set the price of an asset, 8 decimals."""
        question = selector("latestAnswer()")
        self.world.teach(self.sources[number], question, encode(["int256"], [answer]))

    def supply(self, number: int, amount: int) -> None:
        """Mint ``amount`` to the account and supply it."""
        asset, account = self.assets[number], self.world.account
        self._send(asset, "mint(address,uint256)", account, amount)
        self._send(asset, "approve(address,uint256)", self.pool, amount)
        self._send(self.pool, "supply(address,uint256,address,uint16)", asset, amount, account, 0)

    def borrow(self, number: int, amount: int) -> None:
        """Borrow at the variable rate."""
        arguments = (self.assets[number], amount, 2, 0, self.world.account)
        self._send(self.pool, "borrow(address,uint256,uint256,uint16,address)", *arguments)

    def _list_reserves(self) -> None:
        tokens = [
            self._deploy(name, ["address"], [self.pool])
            for name in ("AToken", "StableDebtToken", "VariableDebtToken")
        ]
        rates = [8 * RAY // 10, 0, 4 * RAY // 100, 6 * RAY // 10, 0, 0, RAY // 100, RAY // 100, RAY // 5]
        strategy = self._deploy(
            "DefaultReserveInterestRateStrategy", ["address"] + ["uint256"] * 9, [self.provider, *rates]
        )
        rows = [
            (*tokens, decimals, strategy, asset, self.world.account, ZERO, *("abcdef"), b"")
            for asset, decimals in zip(self.assets, (18, 6), strict=True)
        ]
        self.world.send(self.configurator, selector(f"initReserves({INIT})") + encode([INIT], [rows]))
        for asset in self.assets:
            configure = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
            self._send(self.configurator, configure, asset, 8000, 8250, 10500)
            self._send(self.configurator, "setReserveBorrowing(address,bool)", asset, True)
            self._send(self.configurator, "setSupplyCap(address,uint256)", asset, 10**6)

    def _address(self, question: str) -> str:
        return "0x" + self.world.call(self.provider, selector(question))[-20:].hex()

    def _send(self, to: str, signature: str, *arguments: object) -> None:
        self.world.send(to, call_data(signature, *arguments))

    def _deploy(self, name: str, types: list[str], values: list[Any]) -> str:
        return self.world.deploy(
            self._linked(f"{ROOT}/{PATHS[name]}/{name}.sol/{name}.json") + encode(types, values)
        )

    def _linked(self, path: str) -> bytes:
        """Return creation code with its libraries deployed and their addresses filled in."""
        document = artefact(AAVE_V3_CORE, path)
        code = str(document["bytecode"])[2:]
        for source, libraries in document["linkReferences"].items():
            for library, places in libraries.items():
                if library not in self._libraries:
                    inner = f"artifacts/{source}/{library}.json"
                    self._libraries[library] = self.world.deploy(self._linked(inner))
                for place in places:
                    at = 2 * place["start"]
                    code = code[:at] + self._libraries[library][2:] + code[at + 40 :]
        return bytes.fromhex(code)
