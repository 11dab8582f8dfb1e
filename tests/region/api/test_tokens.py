"""A call with the token of an earlier one is answered as that one was, and not executed again."""

from __future__ import annotations

from typing import Any

from region.api.calls import Call
from region.api.constraints import Violation
from region.api.tokens import Tokens


class Service:
    """Counts what it executes."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status, self.executed, self.begun = status, 0, list[str]()

    def start(self, status: str, _headers: Any) -> None:
        self.begun.append(status)

    def ask(
        self, tokens: Tokens, parameters: dict[str, Any], operation: str = "CreateSubnet"
    ) -> list[bytes] | Violation:
        def execute(begin: Any) -> list[bytes]:
            self.executed += 1
            begin(self.status, [])
            return [str(self.executed).encode()]

        return tokens.answer(Call("ec2", operation, lambda: parameters), self.start, execute)


def test_the_same_token_is_answered_in_the_same_way():
    tokens, service = Tokens(), Service()
    given = {"ClientToken": "a", "VpcId": "vpc-1"}
    assert service.ask(tokens, given) == service.ask(tokens, dict(given)) == [b"1"]
    assert service.executed == 1
    assert service.begun == ["200 OK", "200 OK"]
    assert service.ask(tokens, given | {"ClientToken": "b"}) == [b"2"]
    assert service.ask(tokens, given, "CreateRouteTable") == [b"3"]


def test_a_token_is_of_one_call():
    tokens, service = Tokens(), Service()
    service.ask(tokens, {"ClientToken": "a", "VpcId": "vpc-1"})
    found = service.ask(tokens, {"ClientToken": "a", "VpcId": "vpc-2"})
    assert isinstance(found, Violation)
    assert found.code == "IdempotentParameterMismatch"


def test_what_failed_or_has_no_token_is_done_again():
    tokens, service = Tokens(), Service("400 Bad Request")
    for _ in range(2):
        service.ask(tokens, {"ClientToken": "a"})
        service.ask(tokens, {"VpcId": "vpc-1"})
    assert service.executed == 4
