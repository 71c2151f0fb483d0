"""Several nodes that must agree: on the block's hash, then on every answer at that hash.

A lie of one node then needs as many liars as the quorum asks for. Nodes that fail or lag are left out as
long as enough others agree; answers that differ are never averaged or outvoted silently below the quorum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from oracles.chain.calls import Call, Outcome
from oracles.chain.client import Client, parse_quantity
from oracles.chain.errors import ChainError, QuorumError
from oracles.chain.header import Block
from oracles.chain.reader import LiveReader

Result = TypeVar("Result")
Said = TypeVar("Said", bound=Hashable)


class QuorumReader:
    """Readers of several nodes at one block that ``needed`` of them agree on.

    Parameters
    ----------
    readers
        One for each node that agreed on the block.
    needed
        How many equal answers make an answer.
    """

    trust = "quorum"

    def __init__(self, readers: Sequence[LiveReader], needed: int) -> None:
        self.readers = list(readers)
        self.needed = needed
        self.block: Block = self.readers[0].block

    @classmethod
    def open(cls, clients: Sequence[Client], needed: int, block: int | str = "latest") -> QuorumReader:
        """Return a reader at ``block``; for ``latest``, the newest that ``needed`` nodes have.

        Parameters
        ----------
        clients
            One client with one endpoint for each node.

        Raises
        ------
        QuorumError
            If fewer than ``needed`` nodes answer, or agree on the block's hash.
        """
        if not 1 <= needed <= len(clients):
            raise QuorumError(f"a quorum of {needed} is not possible with {len(clients)} endpoints")
        labels = [client.labels[0] for client in clients]
        if len(set(labels)) != len(labels):
            raise QuorumError("one endpoint is given twice: it has one vote", endpoints=labels)
        wanted: int | str = block
        if block == "latest":
            heads = _all(clients, lambda c: parse_quantity(c.request("eth_blockNumber"), "eth_blockNumber"))
            numbers = sorted((head for head in heads if isinstance(head, int)), reverse=True)
            if len(numbers) < needed:
                raise _too_few(clients, heads, needed)
            wanted = numbers[needed - 1]
        opened = _all(clients, lambda client: LiveReader.open(client, wanted))
        readers = [reader for reader in opened if isinstance(reader, LiveReader)]
        if len(readers) < needed:
            raise _too_few(clients, opened, needed)
        hashes = Counter((reader.block.chain_id, reader.block.hash) for reader in readers)
        ((most, count),) = hashes.most_common(1)
        if count < needed:
            raise QuorumError(
                f"only {count} of {len(clients)} endpoints agree on block {wanted}, {needed} must",
                hashes={text: n for (_, text), n in hashes.items()},
            )
        return cls([r for r in readers if (r.block.chain_id, r.block.hash) == most], needed)

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """Return the outcomes on which enough nodes agree.

        Raises
        ------
        QuorumError
            If for one call too few do.
        """
        answers = _all(self.readers, lambda reader: reader.call_many(calls))
        lists = {
            reader.client.labels[0]: answer
            for reader, answer in zip(self.readers, answers, strict=True)
            if isinstance(answer, list)
        }
        if len(lists) < self.needed:
            raise _too_few([reader.client for reader in self.readers], answers, self.needed)
        return [
            self._agreed(
                f"{item.function.name} of {item.target}", {label: found[n] for label, found in lists.items()}
            )
            for n, item in enumerate(calls)
        ]

    def storage(self, address: str, slot: int) -> int:
        """Return the storage word on which enough nodes agree."""
        return self._ask(f"slot {slot:#x} of {address}", lambda reader: reader.storage(address, slot))

    def code(self, address: str) -> bytes:
        """Return the code on which enough nodes agree."""
        return self._ask(f"code of {address}", lambda reader: reader.code(address))

    def _ask(self, what: str, ask: Callable[[LiveReader], Said]) -> Said:
        answers = _all(self.readers, ask)
        good = {
            reader.client.labels[0]: answer
            for reader, answer in zip(self.readers, answers, strict=True)
            if not isinstance(answer, ChainError)
        }
        if len(good) < self.needed:
            raise _too_few([reader.client for reader in self.readers], answers, self.needed)
        return self._agreed(what, good)

    def _agreed(self, what: str, by_label: dict[str, Said]) -> Said:
        votes = Counter(by_label.values())
        ((most, count),) = votes.most_common(1)
        if count < self.needed:
            raise QuorumError(
                f"{what}: {count} of {len(by_label)} endpoints agree, {self.needed} must",
                answers={label: str(answer) for label, answer in by_label.items()},
            )
        return most


def _all(items: Sequence[object], ask: Callable[..., Result]) -> list[Result | ChainError]:
    def one(item: object) -> Result | ChainError:
        try:
            return ask(item)
        except ChainError as error:
            return error

    with ThreadPoolExecutor(max_workers=len(items)) as pool:
        return list(pool.map(one, items))


def _too_few(clients: Sequence[Client], answers: Sequence[object], needed: int) -> QuorumError:
    failed = {
        client.labels[0]: answer.message
        for client, answer in zip(clients, answers, strict=True)
        if isinstance(answer, ChainError)
    }
    return QuorumError(
        f"{len(clients) - len(failed)} of {len(clients)} endpoints answer, {needed} must agree", failed=failed
    )
