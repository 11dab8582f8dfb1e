"""The rules of listeners: what HAProxy is told, that no text leaves its line, and that it accepts it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck as Check
from hypothesis import given, settings
from hypothesis import strategies as st

from region.services.elbv2.haproxy import config, routing
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import (
    HealthCheck,
    Listener,
    LoadBalancer,
    Minimum,
    Node,
    Stickiness,
    Target,
    TargetGroup,
)
from region.services.elbv2.haproxy.rules import (
    FixedResponse,
    Forward,
    HeaderCondition,
    HostCondition,
    MethodCondition,
    PathCondition,
    Pattern,
    QueryCondition,
    Redirect,
    Rule,
    SourceCondition,
)
from toolchain import locate

TEXTS = st.text(min_size=1, max_size=30)
PATTERNS = TEXTS.map(Pattern)
SEVERAL = st.lists(PATTERNS, min_size=1, max_size=3).map(tuple)
CONDITIONS = st.one_of(
    SEVERAL.map(PathCondition),
    SEVERAL.map(HostCondition),
    SEVERAL.map(lambda found: HeaderCondition("X-Kind", found)),
    st.lists(st.tuples(st.none() | PATTERNS, PATTERNS), min_size=1, max_size=3)
    .map(tuple)
    .map(QueryCondition),
    st.just(MethodCondition(("GET", "M-SEARCH"))),
    st.just(SourceCondition(("10.0.0.0/8", "::1/128"))),
)
ACTIONS = st.one_of(
    st.just(Forward("tg-a")),
    st.tuples(st.integers(0, 999), st.integers(0, 999), st.none() | st.just(60.0)).map(
        lambda drawn: Forward("tg-a", (("tg-a", drawn[0]), ("tg-b", drawn[1])), drawn[2])
    ),
    st.sampled_from(["", "a 'b' \"c\"\n", "ü"]).map(lambda body: FixedResponse(503, body=body)),
    st.just(Redirect(301, "HTTPS", "#{host}", "443", "/x/#{path}", "#{query}&a=b")),
    st.just(Redirect(302, host="other.example")),
)
LISTENERS = st.builds(
    lambda rules, action: Listener(
        8080,
        action,
        rules=tuple(Rule(str(n), tuple(found), act) for n, (found, act) in enumerate(rules)),
    ),
    st.lists(st.tuples(st.lists(CONDITIONS, min_size=1, max_size=3), ACTIONS), max_size=4),
    ACTIONS,
)


def balancer(listener: Listener) -> LoadBalancer:
    check = HealthCheck()
    groups = (
        TargetGroup("tg-a", check, stickiness=Stickiness(60.0), routing=Minimum(2, 50)),
        TargetGroup("tg-b", check, stickiness=Stickiness(60.0, "session"), slow_start=30.0),
    )
    nodes = (Node("zone-a", "10.20.0.4"), Node("zone-b", "10.20.1.4"))
    return LoadBalancer("lb", "127.20.0.4", (listener,), groups, nodes=nodes)


@given(LISTENERS)
def test_no_text_leaves_its_line(listener):
    files = config.Files(Path("/run/lb.sock"), Path("/state"))
    for line in routing.lines(listener, files):
        assert "\n" not in line
        assert line.startswith(("http-request ", "acl "))
        # Whatever stands in quotes is a regular expression of escaped bytes, or a redirect.
        assert line.count("'") in {0, 2}


@pytest.mark.region
@settings(max_examples=25, deadline=None, suppress_health_check=[Check.function_scoped_fixture])
@given(LISTENERS)
def test_haproxy_accepts_every_listener(tmp_path, listener):
    spec = balancer(listener)
    files = config.Files(tmp_path / "lb.sock", tmp_path, log=1)
    targets = {"tg-a": [Target("i-1", "127.20.0.9", 8080, "zone-a")]}
    config.write_files(spec, files, targets, ["zone-a"])
    text = config.render(spec, targets, files, {("127.20.0.4", 8080): 9})
    path = tmp_path / "haproxy.cfg"
    path.write_text(text.replace("bind fd@9", "bind 127.20.0.4:8080"))
    checked = subprocess.run(
        [str(locate.haproxy()), "-c", "-f", str(path)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@given(st.text(alphabet="ab*?.[", min_size=1, max_size=8), st.text(alphabet="ab.[", max_size=8))
def test_wildcards_match_as_in_a_shell(pattern, text):
    found = re.fullmatch(Pattern(pattern).expression(), text) is not None
    assert found is _matches(pattern, text)


def _matches(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))
    if not text:
        return False
    return pattern[0] in {"?", text[0]} and _matches(pattern[1:], text[1:])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Pattern(""),
        lambda: Pattern("x" * 129),
        lambda: HeaderCondition("a b", ()),
        lambda: MethodCondition(("get\n",)),
        lambda: SourceCondition(("10.0.0.1/8",)),
        lambda: Redirect(301, host="a'b"),
        lambda: Redirect(308),
        lambda: FixedResponse(100),
    ],
)
def test_what_cannot_be_served_is_refused(make):
    with pytest.raises(LoadBalancerError):
        make()
