"""The command that takes capacity away and gives it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from region import shortages
from region.shortages import CapacityError, Shortage

ZONES = st.from_regex(r"[a-z0-9.-]+", fullmatch=True) | st.just("*")
TYPES = st.sampled_from(["t4g.nano", "t3.micro", "m7g.large", "*"])


@given(TYPES, ZONES)
def test_what_is_printed_is_read_back(instance_type, zone):
    assert shortages.parse(f"{instance_type}@{zone}") == Shortage(zone, instance_type)
    assert shortages.parse(str(Shortage(zone, instance_type))) == Shortage(zone, instance_type)


def test_a_type_alone_is_denied_in_all_zones():
    assert shortages.parse("t4g.nano") == Shortage("*", "t4g.nano")


@pytest.mark.parametrize("text", ["", "@", "t4g.nano@", "@ap-northeast-2a"])
def test_what_is_no_shortage_is_refused(text):
    with pytest.raises(CapacityError, match="TYPE@ZONE"):
        shortages.parse(text)


def test_the_command_denies_and_allows(tmp_path):
    def run(*options):
        return CliRunner().invoke(shortages.app, ["--root", str(tmp_path), *options])

    run("--deny", "t4g.nano@a", "--deny", "*@b")
    assert shortages.read(tmp_path) == [Shortage("a", "t4g.nano"), Shortage("b")]
    assert "*@b" in run().stdout
    run("--allow", "t4g.nano@a")
    assert shortages.read(tmp_path) == [Shortage("b")]
    assert isinstance(run("--allow", "t4g.nano@a").exception, CapacityError)
    both = run("--allow", "*@b", "--deny", "*@b")
    assert str(both.exception) == "*@b stands behind --deny and --allow: remove one of them."
    run("--allow", "*")
    assert shortages.read(tmp_path) == []


def test_a_file_that_cannot_be_understood_is_named(tmp_path):
    (tmp_path / shortages.FILE).write_text("[1]")
    with pytest.raises(CapacityError, match=shortages.FILE):
        shortages.read(tmp_path)
