"""Lies of a node about its state, as faults of a proxy in front of an honest one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fault_proxy import Exchange, Fault


def lie(method: str, change: Callable[[Any], Any]) -> Fault:
    def fault(exchange: Exchange) -> None:
        answers = exchange.answer_list()
        for question, answer in zip(exchange.questions, answers, strict=True):
            if question["method"] == method and "result" in answer:
                answer["result"] = change(answer["result"])
        exchange.send_list(answers)

    return fault


def flip(text: str, at: int = -1) -> str:
    digits = list(text)
    digits[at] = "1" if digits[at] != "1" else "2"
    return "".join(digits)


def slot_value(answer: Any) -> Any:
    for entry in answer["storageProof"]:
        entry["value"] = hex(int(entry["value"], 16) + 1)
    return answer


def cut(answer: Any) -> Any:
    answer["accountProof"] = answer["accountProof"][:-1]
    return answer


def no_slots(answer: Any) -> Any:
    answer["storageProof"] = []
    return answer


def another_answer(text: str) -> str:
    """Raise every price in a call's answer a little."""
    return text.replace(f"{100 * 10**8:064x}", f"{101 * 10**8:064x}")


LIES = {
    "price in the answer": lie("eth_call", another_answer),
    "access list emptied": lie("eth_createAccessList", lambda a: {**a, "accessList": []}),
    "access list of strangers": lie(
        "eth_createAccessList",
        lambda a: {
            **a,
            "accessList": [{"address": "0x" + "12" * 20, "storageKeys": ["0x" + "0" * 63 + "1"]}],
        },
    ),
    "slot value": lie("eth_getProof", slot_value),
    "proof cut": lie("eth_getProof", cut),
    "slots left out": lie("eth_getProof", no_slots),
    "balance": lie("eth_getProof", lambda a: {**a, "balance": "0x1"}),
    "code": lie("eth_getCode", flip),
    "no code": lie("eth_getCode", lambda _: "0x"),
    "state root in the header": lie(
        "eth_getBlockByNumber", lambda b: {**b, "stateRoot": flip(b["stateRoot"])}
    ),
    "time in the header": lie("eth_getBlockByNumber", lambda b: {**b, "timestamp": flip(b["timestamp"])}),
    "number in the header": lie("eth_getBlockByNumber", lambda b: {**b, "number": "0x5"}),
    "gas limit in the header": lie("eth_getBlockByNumber", lambda b: {**b, "gasLimit": "0x5"}),
}
