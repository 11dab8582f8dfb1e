"""The command `plan`."""

from __future__ import annotations

import json

import pytest

from loadtest.cli import main


def test_the_command(capsys: pytest.CaptureFixture[str]):
    assert main.main(["plan", "--availability", "99.9", "--confidence", "95", "--rate", "250"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("The load “seed”")
    assert (
        "To show 99.9 % with 95 % confidence, 2,995 requests must all succeed: 12 s at 250 requests/s."
    ) in shown
    assert main.main(["plan", "--profile", "smoke", "--json"]) == 0
    # Two requests of each of the 40 users a second at the profile's peak.
    assert json.loads(capsys.readouterr().out)["rate"] == 80
    assert main.main(["plan", "--availability", "100"]) == 4
    assert "cannot show an availability of 100 %" in capsys.readouterr().err
