"""How a script is read: as Artillery reads it, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loadtest.scenario.brought import a_flow, refused, script_of, told, written


def test_yaml_is_read_as_artillery_reads_it(tmp_path: Path):
    body = (
        "{a: on, b: no, c: yes, d: 1e3, e: true, f: 010, g: 'true', h: '1e3', i: ~, k: 2020-01-01}"
    )
    found, _ = told(written(tmp_path, a_flow(f"post: {{url: /, json: {body}}}")))
    sent = script_of(found)["scenarios"][0]["flow"][0]["post"]["json"]
    assert {key: value for key, value in sent.items() if key != "k"} == {
        "a": "on", "b": "no", "c": "yes", "d": 1000.0, "e": True, "f": 8, "g": "true", "h": "1e3",
        "i": None,
    }  # fmt: skip
    assert str(sent["k"]) == "2020-01-01"


@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"config":\t{"http": {"timeout": 5}},\n\t"scenarios": [{"flow": [{"get": {"url": "/"}}]}]\n}',
        "\ufeff" + a_flow("get: {url: /}"),
        a_flow("get: {url: /}").replace("\n", "\r\n"),
        a_flow("get: {url: /노트/쪽}"),
    ],
)
def test_other_ways_to_write_a_file(tmp_path: Path, text: str):
    file = tmp_path / "ours.yml"
    file.write_bytes(text.encode())
    found, notes = told(str(file))
    assert not notes
    assert script_of(found)["scenarios"][0]["flow"][0]["get"]["url"] in ("/", "/노트/쪽")


def test_json_writes_a_character_in_two_halves(tmp_path: Path):
    request = r'{"get": {"url": "/", "name": "\ud83d\ude00 \u00e9"}}'
    found, _ = told(
        written(tmp_path, f'{{"config": {{}}, "scenarios": [{{"flow": [{request}]}}]}}')
    )
    assert script_of(found)["scenarios"][0]["flow"][0]["get"]["name"] == "\U0001f600 é"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{new}: &{new} [{','.join(f'*{old}' for _ in range(10))}]\n"
            for old, new in zip("abcdef", "bcdefg", strict=True)
        ), "more than 50,000 values, with aliases followed"),
        ("a: " + "[" * 200 + "]" * 200, "nested deeper than 60 levels"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)  # fmt: skip
def test_bombs_are_refused_at_once(tmp_path: Path, text: str, expected: str):
    found = refused(written(tmp_path, text))
    assert [line.partition(": ")[2] for line in found] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config: {}\nname: a\0b\n", "2:8: the character U+0000 is not allowed in YAML; remove it"),
        ("config: {}\n\x1b[31m\n", "2:1: the character U+001B is not allowed in YAML; remove it"),
        ("\ud7ff\x07", "1:2: the character U+0007 is not allowed in YAML; remove it"),
        (
            'config: {}\nname: "a\\ud83d"\n',
            (
                "2:7: not YAML: half of a character (`\\ud800` to `\\udfff`) is not a character: "
                "write both halves"
            ),
        ),
        ("- 1\n", "1:1: a scenario file has the keys `config` and `scenarios`"),
        ("5\n", "1:1: a scenario file has the keys `config` and `scenarios`"),
    ],
)
def test_a_file_of_another_kind_is_told_with_its_place(tmp_path: Path, text: str, expected: str):
    assert refused(written(tmp_path, text)) == [expected]
