"""Root in a user namespace: whose ids, and what is said where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from region import rootless
from region.rootless import Ids, RootlessError


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(rootless, "_name", lambda: "somebody")
    return "somebody"


def test_the_user_is_root_and_the_subordinate_ids_follow():
    ids = Ids(((100_000, 10), (200_000, 5)))
    assert ids.mapping(1001) == ["0", "1001", "1", "1", "100000", "10", "11", "200000", "5"]


def test_ranges_are_found_by_name_and_by_number(tmp_path: Path, somebody: str):
    file = tmp_path / "subuid"
    file.write_text(
        f"other:1:70000\n{somebody}:100000:65536\n{os.geteuid()}:300000:7\nbroken\n\n{somebody}:x:9\n"
    )
    assert rootless.subordinate(file).ranges == ((100_000, 65_536), (300_000, 7))


@pytest.mark.parametrize("text", ["", "somebody:100000:1000\n", "other:100000:65536\n"])
def test_too_few_ids_are_refused_with_what_to_type(tmp_path: Path, somebody: str, text: str):
    file = tmp_path / "subuid"
    file.write_text(text)
    with pytest.raises(RootlessError, match=r"usermod --add-subuids .* somebody`"):
        rootless.subordinate(file)


def test_without_the_file_there_are_no_ids(tmp_path: Path, somebody: str):
    with pytest.raises(RootlessError, match="gives somebody 0"):
        rootless.subordinate(tmp_path / "none")


def test_without_newuidmap_its_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RootlessError, match="apt-get install uidmap"):
        rootless.enter()


@pytest.mark.parametrize(
    ("switch", "value", "typed"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=28633"),
    ],
)
def test_the_switch_that_forbids_namespaces_is_named(
    tmp_path: Path, switch: str, value: str, typed: str
):
    (tmp_path / switch).parent.mkdir(parents=True)
    (tmp_path / switch).write_text(f"{value}\n")
    assert f"sudo sysctl -w {switch.partition('/')[0]}." in rootless.how_to_allow(tmp_path)
    assert typed in rootless.how_to_allow(tmp_path)
    (tmp_path / switch).write_text("63000\n")
    assert "--privileged" in rootless.how_to_allow(tmp_path)


def test_root_stays_where_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("executed again"))
    rootless.enter()
    rootless.join(1)


def test_a_namespace_in_which_the_user_is_not_root_is_not_entered_again(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(os, "geteuid", lambda: 65_534)
    monkeypatch.setenv(rootless.MARK, "1000")
    with pytest.raises(RootlessError, match="User 1000 is not root"):
        rootless.enter()


def test_a_port_that_only_root_may_listen_on_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lowest = tmp_path / "lowest"
    monkeypatch.setattr(rootless, "_LOWEST_PORT", lowest)
    rootless.require_port(80)
    lowest.write_text("1024\n")
    rootless.require_port(1024)
    with pytest.raises(RootlessError, match=r"ip_unprivileged_port_start=80`.*listenerPort=8080"):
        rootless.require_port(80)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    rootless.require_port(80)
