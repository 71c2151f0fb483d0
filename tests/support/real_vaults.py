"""ERC-4626 vaults of others on the node: OpenZeppelin's with virtual amounts, Solmate's without."""

from __future__ import annotations

from typing import Final

from eth_abi import encode

from chain_contracts import code_of
from chain_world import ChainWorld
from json_rpc import RpcError
from workbench import call_data

FOREVER = (1 << 256) - 1
KINDS: Final = {"openzeppelin": 0, "openzeppelin, offset 6": 6, "solmate": None}
"""Name to decimals offset; None for a vault without virtual amounts."""


class RealVault:
    """A vault over a new token, with the world's account as the only depositor.

    Attributes
    ----------
    address, token
        Of the vault and its asset.
    """

    def __init__(self, world: ChainWorld, kind: str, decimals: int = 18) -> None:
        self.world = world
        self.token = world.token(decimals)
        offset = KINDS[kind]
        self.address = world.deploy(
            code_of("MockERC4626") + encode(["address", "string", "string"], [self.token, "Vault", "V"])
            if offset is None
            else code_of("OffsetVault") + encode(["address", "uint8"], [self.token, offset])
        )
        world.send(self.token, call_data("mint(address,uint256)", world.account, 1 << 200))
        world.send(self.token, call_data("approve(address,uint256)", self.address, FOREVER))

    def do(self, action: str, amount: int) -> None:
        """Deposit or mint, withdraw or redeem ``amount``."""
        self.world.send(self.address, self._data(action, amount))

    def refusal(self, action: str, amount: int) -> str:
        """Return the reason for which the vault refuses; it must refuse."""
        question = {
            "from": self.world.account,
            "to": self.address,
            "data": "0x" + self._data(action, amount).hex(),
        }
        try:
            self.world.rpc("eth_call", question, "latest")
        except RpcError as error:
            return str(error)
        raise AssertionError(f"{action} of {amount} is not refused")

    def _data(self, action: str, amount: int) -> bytes:
        account = self.world.account
        if action in {"deposit", "mint"}:
            return call_data(f"{action}(uint256,address)", amount, account)
        return call_data(f"{action}(uint256,address,address)", amount, account, account)

    def donate(self, amount: int) -> None:
        """Give assets for nothing."""
        self.world.send(self.token, call_data("transfer(address,uint256)", self.address, amount))

    def fill(self, assets: int, shares: int) -> None:
        """Bring an empty vault to these figures: mint the shares, then donate what is missing."""
        if shares:
            self.do("mint", shares)
        self.donate(assets - self.figure("totalAssets()"))
        assert (self.figure("totalAssets()"), self.figure("totalSupply()")) == (assets, shares)

    def figure(self, question: str, *arguments: object) -> int:
        """Ask the vault itself for an integer."""
        return int.from_bytes(self.world.call(self.address, call_data(question, *arguments)), "big")
