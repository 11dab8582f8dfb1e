"""The rule about idle connections: the load balancer, not the application, is the one that closes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from guardrails.architecture.launching import WEB_SERVER, user_data
from guardrails.architecture.serving import Serving
from guardrails.architecture.traffic import Traffic, is_network
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import figure, is_absent, number

_DEFAULT = 60.0
"""Seconds: the idle timeout of an Application Load Balancer."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_VALUE = r"[=\s]\s*[\"']?(?P<value>\d+)(?P<unit>ms|s|m|h)?\b"


@dataclass(frozen=True)
class _Setting:
    """How a server is told how long it keeps an idle connection.

    Attributes:
        unit: Of a number without one.
        front: Whether it is that of a web server, before whatever else runs on the instance.
    """

    pattern: re.Pattern[str]
    unit: str
    front: bool = False


_SETTINGS = (
    _Setting(
        re.compile(rf"^\s*(?P<name>keepalive_timeout){_VALUE}", re.MULTILINE), "s", front=True
    ),
    _Setting(re.compile(rf"^\s*(?P<name>KeepAliveTimeout){_VALUE}", re.MULTILINE), "s", front=True),
    _Setting(re.compile(rf"(?P<name>--timeout-keep-alive){_VALUE}"), "s"),
    # The other workers of gunicorn keep no connection at all.
    _Setting(
        re.compile(
            r"(?=[^\n]*(?:--threads|-k\b|--worker-class|hypercorn))[^\n]*?(?P<name>--keep-alive)"
            + _VALUE
        ),
        "s",
    ),
    _Setting(re.compile(rf"(?P<name>server\.tomcat\.keep-alive-timeout){_VALUE}"), "ms"),
    _Setting(re.compile(r"\.(?P<name>keepAliveTimeout)\s*=\s*(?P<value>\d+)(?P<unit>)"), "ms"),
)
_WEB_SERVER = re.compile(rf"\b{WEB_SERVER}")


def _kept(text: str) -> tuple[str, float] | None:
    """Return what says how long idle connections to the instance stay open, and for how many seconds."""
    before = _WEB_SERVER.search(text) is not None
    for setting in _SETTINGS:
        found = setting.pattern.search(text)
        if found is None or setting.front != before:
            continue
        seconds = float(found["value"]) * _SECONDS[found["unit"] or setting.unit]
        # 0 switches it off: each connection ends with its answer, and both sides know it.
        return (
            (f"{found['name']} {found['value']}{found['unit'] or ''}", seconds) if seconds else None
        )
    return None


def _idle(balancer: Resource) -> float | None:
    given = balancer.setting("idleTimeout")
    return _DEFAULT if is_absent(given) else number(given)


def _closed_first(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    for group in stack.derived(Serving).groups:
        balancers = [one for target in group.target_groups for one in traffic.senders(target)]
        for template in group.launching.templates:
            kept = _kept(user_data(template) or "")
            for balancer in dict.fromkeys(balancers) if kept is not None else ():
                idle = _idle(balancer)
                if kept is None or idle is None or is_network(balancer) or kept[1] > idle:
                    continue
                yield Violation(
                    f'Load balancer "{balancer.name}" answers some requests with 502: the application '
                    f"closes idle connections after {figure(kept[1])} s ({kept[0]}), and the load balancer "
                    f"takes them to be open for {figure(idle)} s.",
                    template,
                    (
                        f'load balancer "{balancer.name}", idle_timeout {figure(idle)}',
                        f'user data of "{template.name}", {kept[0]}',
                    ),
                    f"raise {kept[0].split()[0]} in user_data above {figure(idle)} s, for example to "
                    f"{figure(idle + 15)} s.",
                )


OUTLASTS = StackRule(
    id="app-keep-alive-outlasts-balancer",
    title="The application keeps idle connections longer than the load balancer",
    question=Question.SERVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP05",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    remedy="set the application's keep-alive timeout above idle_timeout of the load balancer.",
    steps=(
        (
            "Set the keep-alive timeout of the server that answers the load balancer to 75 s where "
            "idle_timeout is 60 s, the default."
        ),
        "For Node.js set keepAliveTimeout and, a little higher, headersTimeout.",
    ),
    unknown=(
        "Only what user data says is judged: the defaults of a program that it starts are not known here. "
        "Behind a web server on the same instance the web server's setting counts."
    ),
    check=_closed_first,
)

RULES = (OUTLASTS,)
