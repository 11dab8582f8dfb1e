"""Why an application does not serve, from what its instance shows: sentences with remedies. Pure.

`examination` gets the facts. What is said here has to hold for any application: which port has a
program behind it, what the health path answers there, and which units do not run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

_NUMBER: Final = re.compile(r"\d+")

_TROUBLE: Final = re.compile(
    r"error|exception|fatal|fail|denied|refused|panic|killed", re.IGNORECASE
)

LOG_LINES: Final = 8
"""How many of the last lines of a unit's log are told."""
TROUBLES: Final = 4
"""How many lines before them are told that tell of trouble."""

OUT_OF_MEMORY: Final = "killed by the OOM killer"
"""Words of systemd, in the journal of a unit."""

OTHERS: Final = frozenset(
    {
        "amazon-ssm-agen", "chronyd", "codedeploy-agen", "rpcbind", "sshd", "systemd",
        "systemd-resolve",
    }
)  # fmt: skip
"""Programs of Amazon Linux that listen as well, as `ss` shortens their names."""


@dataclass(frozen=True)
class Listener:
    """A TCP socket that accepts connections."""

    address: str
    port: int
    program: str

    @property
    def is_local(self) -> bool:
        """Whether only programs on the instance itself reach it."""
        name = self.address.strip("[]").partition("%")[0]
        if name in {"*", ""}:
            return False
        found = ip_address(name)
        mapped = getattr(found, "ipv4_mapped", None)
        return (mapped or found).is_loopback

    def __str__(self) -> str:
        return f"{self.address}:{self.port}" + (f" ({self.program})" if self.program else "")


@dataclass(frozen=True)
class Unit:
    """A unit that the revision installed, with the last lines of its log."""

    name: str
    properties: dict[str, str] = field(default_factory=dict[str, str])
    log: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it is as a service should be, and was not restarted since it was started."""
        active, sub = self.properties.get("ActiveState"), self.properties.get("SubState")
        if active != "active" or self.properties.get("NRestarts", "0") != "0":
            return False
        return sub in {"running", "exited"}

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether its program was killed for lack of memory lately."""
        killed = any(OUT_OF_MEMORY in line for line in self.log)
        return killed or self.properties.get("Result") == "oom-kill"

    def describe(self) -> str:
        """Return its state in words."""
        get = self.properties.get
        text = f"{self.name} is {get('ActiveState', 'unknown')} ({get('SubState', '')})"
        if get("Result", "success") != "success":
            text += f", result {get('Result')}"
        if get("ExecMainStatus", "0") != "0":
            text += f", its program's last status was {get('ExecMainStatus')}"
        if get("NRestarts", "0") != "0":
            text += f", restarted {get('NRestarts')} times"
        return text


@dataclass(frozen=True)
class Facts:
    """What an instance shows.

    Attributes:
        host: `APP_HOST`, the address that the load balancer uses.
        port: `APP_PORT`.
        path: `HEALTH_PATH`.
        status: What the path answers there; None if there was no answer.
        redirect: Where it sends the client, if it does.
        memory_mib: What the instance has.
    """

    host: str
    port: int
    path: str
    listeners: tuple[Listener, ...] = ()
    status: int | None = None
    redirect: str = ""
    memory_mib: int | None = None
    units: tuple[Unit, ...] = ()


def read(text: str) -> Facts:
    """Read what the script of `examination` printed.

    Raises:
        ValueError: It is something else.
    """
    rows = [line.split("\t") for line in text.splitlines() if "\t" in line]
    by_kind: dict[str, list[list[str]]] = {}
    for kind, *values in rows:
        by_kind.setdefault(kind, []).append(values)
    host, port, path = by_kind["setting"][0] if "setting" in by_kind else ("", "", "")
    status, redirect = (by_kind.get("answer") or [["000", ""]])[0][:2]
    logs: dict[str, list[str]] = {}
    for name, *words in by_kind.get("log", []):
        logs.setdefault(name, []).append("\t".join(words))
    return Facts(
        host=host,
        port=int(port),
        path=path,
        listeners=_listeners(by_kind.get("listens", [])),
        status=int(status) or None,
        redirect=redirect,
        memory_mib=int(by_kind["memory"][0][0]) if "memory" in by_kind else None,
        units=tuple(
            Unit(name, _properties(words), tuple(_excerpt(logs.get(name, []))))
            for name, words in by_kind.get("unit", [])
        ),
    )


def _listeners(rows: list[list[str]]) -> tuple[Listener, ...]:
    found: dict[Listener, None] = {}
    for local, program in rows:
        address, _, port = local.rpartition(":")
        if program not in OTHERS:
            found[Listener(address, int(port), program)] = None
    return tuple(found)


def _excerpt(lines: list[str]) -> list[str]:
    """Return the last lines of a log, and before them the last that tell of trouble.

    Those that differ in numbers only, such as times, are told once. A program that was started again
    has said before why it ended.
    """
    told: list[tuple[str, int]] = []
    for line in lines:
        if told and _NUMBER.sub("0", told[-1][0]) == _NUMBER.sub("0", line):
            told[-1] = (line, told[-1][1] + 1)
        else:
            told.append((line, 1))
    before = [one for one in told[:-LOG_LINES] if _TROUBLE.search(one[0])]
    chosen = [*before[-TROUBLES:], *told[-LOG_LINES:]]
    return [line if times == 1 else f"{line} ({times} times)" for line, times in chosen]


def _properties(words: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words.split() if "=" in word)


def findings(facts: Facts) -> list[str]:
    """Return what is wrong, a sentence or a line of a log each; empty if nothing is."""
    here = [one for one in facts.listeners if one.port == facts.port]
    reached = [one for one in here if not one.is_local]
    if reached:
        return _of_answer(facts, reached[0])
    if here:
        remedy = "let it listen on 0.0.0.0 (every address), or on $APP_HOST"
        return [f"{here[0]} is reached from the instance alone, not by the load balancer: {remedy}"]
    if others := facts.listeners:
        listed = ", ".join(map(str, others))
        found = (
            f"nothing listens on port {facts.port} (the setting appPort), only {listed}: let the "
            f"application listen on $APP_PORT, or set the port: `-c appPort={others[0].port}`"
        )
        return [found, *_of_units(facts, only_broken=True)]
    why = "has ended" if will_last(facts) else "has not started, has ended, or is still starting"
    found = (
        f"no program listens on port {facts.port} (the setting appPort), nor on any other: the "
        f"application {why}"
    )
    return [found, *_of_units(facts, only_broken=False)]


def will_last(facts: Facts) -> bool:
    """Return whether waiting longer will not help: nothing is starting any more that could."""
    here = [one for one in facts.listeners if one.port == facts.port]
    if any(not one.is_local for one in here):
        # An error of the server may be one that passes.
        return facts.status is not None and 300 <= facts.status < 500
    states = {unit.properties.get("ActiveState") for unit in facts.units}
    return states == {"failed"} or (bool(facts.listeners) and all(u.runs for u in facts.units))


def _of_answer(facts: Facts, listener: Listener) -> list[str]:
    url = f"http://{facts.host}:{facts.port}{facts.path}"
    if facts.status is None:
        found = [f"{listener} accepts connections, but {url} does not answer within 5 s"]
        return [*found, *_of_units(facts, only_broken=False)]
    if facts.status == 200:
        return _of_units(facts, only_broken=True)
    to = f" (to {facts.redirect})" if facts.redirect else ""
    needs = " without a login" if facts.status in {301, 302, 303, 307, 308, 401, 403} else ""
    answer = (
        f"{listener} answers {facts.status}{to} to {facts.path}; a healthy instance answers 200{needs}: "
        "change the application, or name another path: `-c healthPath=/…`"
    )
    return [answer, *_of_units(facts, only_broken=facts.status < 500)]


def _of_units(facts: Facts, *, only_broken: bool) -> list[str]:
    """Return the state of units with the end of their logs."""
    lines: list[str] = []
    for unit in facts.units:
        if unit.runs and only_broken:
            continue
        lines.append(unit.describe())
        if unit.ran_out_of_memory:
            has = f" ({facts.memory_mib} MiB)" if facts.memory_mib else ""
            lines.append(
                f"its program needs more memory than the instance has{has}: let it take less, or "
                "choose a larger type: `-c instanceType=t4g.small`"
            )
        lines += [f"  {line}" for line in unit.log]
    if not facts.units and not only_broken:
        lines.append(
            "the revision has installed no unit; if a hook starts the program in the background, "
            "its log says why it ended"
        )
    return lines
