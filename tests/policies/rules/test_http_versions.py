"""Versions of HTTP."""

from __future__ import annotations

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def spoken(version, **changes):
    def change(draft):
        draft.set("target-group", "protocolVersion", version)
        for name, value in changes.items():
            draft.set("load-balancer", name, value)
        return draft

    return change


BREAKS = []
KEEPS = [
    spoken("HTTP2"),
    spoken("HTTP2", enableHttp2=True),
    spoken("HTTP1", enableHttp2=False),
]
