"""Settings files that people write: what is wrong in them has one message, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal import stack_settings, yaml_file
from rehearsal.yaml_file import YamlFileError

PROJECT = "name: ours\nconfig:\n  ours:size: {type: integer, default: 3}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("config: [1]\n", "`config` is not a mapping"),
        ("config:\n  a: 1\n  a: 2\n", "line 3: `a` is already given on line 2"),
        ("config: {a: *b}\n", "line 1: not YAML"),
        ("- 1\n", "is not a mapping"),
        ("[" * 20_000, "nested too deeply"),
    ],
)
def test_a_stack_s_file_that_is_wrong_is_named(text: str, says: str, tmp_path: Path):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.ha.yaml").write_text(text)

    with pytest.raises(YamlFileError) as caught:
        stack_settings.read("ha", {}, tmp_path)

    assert str(tmp_path / "Pulumi.ha.yaml") in str(caught.value)
    assert says in str(caught.value)


def test_an_empty_file_has_no_settings(tmp_path: Path):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.ha.yaml").touch()

    assert stack_settings.read("ha", {}, tmp_path).get("size") == 3
    assert yaml_file.read(tmp_path / "Pulumi.ha.yaml") == {}
