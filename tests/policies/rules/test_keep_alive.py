"""Idle connections."""

from __future__ import annotations

from tests.policies.mutations.instance_start import start
from tests.policies.mutations.keep_alive import RULE, SERVER
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def runs(*lines):
    return lambda draft: start(draft, "\n".join(("#!/bin/sh", *lines)) + "\n")


BREAKS = [
    (RULE, runs("hypercorn --keep-alive 5 --bind 0.0.0.0:8080 main:app &")),
    (RULE, runs("gunicorn -k gevent --keep-alive=10 -b 0.0.0.0:8080 main:app &")),
    (RULE, runs("java -Dserver.tomcat.keep-alive-timeout=20000 -jar shop.jar &")),
    (RULE, runs("printf 'keepalive_timeout 30s;'", "  keepalive_timeout 30s;", "nginx")),
    (RULE, runs("httpd", "KeepAliveTimeout 5")),
]
KEEPS = [
    lambda draft: start(draft, f"{SERVER} 61 &\n"),
    runs("gunicorn --keep-alive 5 -b 0.0.0.0:8080 main:app &"),  # its default workers keep none
    runs("nginx", "  keepalive_timeout 0;"),  # each connection ends with its answer
    runs(
        "nginx", "  keepalive_timeout 2m;", "uvicorn --port 9000 --timeout-keep-alive 5 main:app &"
    ),
    runs("java -Dserver.tomcat.keep-alive-timeout=2m -jar shop.jar &"),
]
