"""The real optimistic oracles (@uma/core 2.62.2), store and whitelists, and UMA's own mock of the vote."""

from __future__ import annotations

from typing import Any

from eth_abi import decode, encode

from chain_contracts import place
from chain_world import ChainWorld
from contracts_abi.deployments import addresses
from local_tools import creation_code
from pinned_packages import UMA_CORE
from workbench import call_data

NOBODY = "0x" + "00" * 20
IDENTIFIER = b"ASSERT_TRUTH".ljust(32, b"\0")
LIVENESS = 7200
DATA = "artifacts/contracts/data-verification-mechanism/"
COMMON = "artifacts/contracts/common/implementation/"


def _code(path: str) -> bytes:
    name = path.rpartition("/")[2]
    return creation_code(UMA_CORE, f"{path}.sol/{name}.json")


class UmaWorld:
    """Both oracles at their mainnet addresses; one account asserts, proposes and disputes."""

    def __init__(self, world: ChainWorld) -> None:
        self.world = world
        account = world.account
        finder = world.deploy(_code(DATA + "implementation/Finder"))
        zero = encode(["(uint256)", "(uint256)", "address"], [(0,), (0,), NOBODY])
        store = world.deploy(_code(DATA + "implementation/Store") + zero)
        identifiers = world.deploy(_code(DATA + "implementation/IdentifierWhitelist"))
        currencies = world.deploy(_code(COMMON + "AddressWhitelist"))
        vote = _code(DATA + "test/MockOracleAncillary") + encode(["address", "address"], [finder, NOBODY])
        self.vote = world.deploy(vote)
        named = (("Store", store), ("IdentifierWhitelist", identifiers), ("CollateralWhitelist", currencies))
        for name, address in (*named, ("Oracle", self.vote)):
            data = call_data(
                "changeImplementationAddress(bytes32,address)", name.encode().ljust(32, b"\0"), address
            )
            world.send(finder, data)
        token = encode(["string", "string", "uint8"], ["Bond", "BOND", 18])
        self.token = world.deploy(_code(COMMON + "TestnetERC20") + token)
        world.send(identifiers, call_data("addSupportedIdentifier(bytes32)", IDENTIFIER))
        world.send(currencies, call_data("addToWhitelist(address)", self.token))
        known = addresses(1, "uma")
        self.v3 = self._place(
            known["optimistic_oracle_v3"],
            "optimistic-oracle-v3/implementation/OptimisticOracleV3",
            encode(["address", "address", "uint64"], [finder, self.token, LIVENESS]),
        )
        self.v2 = self._place(
            known["optimistic_oracle_v2"],
            "optimistic-oracle-v2/implementation/OptimisticOracleV2",
            encode(["uint256", "address", "address"], [LIVENESS, finder, NOBODY]),
        )
        world.send(self.token, call_data("allocateTo(address,uint256)", account, 10**24))
        for oracle in (self.v2, self.v3):
            world.send(self.token, call_data("approve(address,uint256)", oracle, 10**24))

    def _place(self, address: str, path: str, arguments: bytes) -> str:
        code = _code("artifacts/contracts/" + path) + arguments
        return place(self.world.rpc, self.world.account, address, code)

    def assert_truth(self, claim: bytes) -> bytes:
        """Assert with a bond of 5 whole tokens; return the id."""
        data = call_data(
            "assertTruth(bytes,address,address,address,uint64,address,uint256,bytes32,bytes32)",
            *(
                claim,
                self.world.account,
                NOBODY,
                NOBODY,
                LIVENESS,
                self.token,
                5 * 10**18,
                IDENTIFIER,
                b"\0" * 32,
            ),
        )
        receipt = self.world.send(self.v3, data)
        return bytes.fromhex(receipt["logs"][-1]["topics"][1][2:])

    def decide(self, price: int) -> None:
        """Let the vote answer the only question that is open."""
        answer = self.world.call(self.vote, call_data("getPendingQueries()"))
        ((identifier, time, ancillary),) = decode(["(bytes32,uint256,bytes)[]"], answer)[0]
        kinds = "pushPrice(bytes32,uint256,bytes,int256)"
        self.world.send(self.vote, call_data(kinds, identifier, time, ancillary, price))

    def v2_send(self, name: str, kinds: str, *arguments: Any) -> None:
        """Send a transaction to the V2 oracle."""
        self.world.send(self.v2, call_data(f"{name}({kinds})", *arguments))
