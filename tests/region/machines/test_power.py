"""What the commands of a system ask for."""

from __future__ import annotations

import pytest

from region.machines import power


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("shutdown -h now", "off"),
        ("shutdown", "off"),
        ("shutdown -r now", "reboot"),
        ("shutdown -c", ""),
        ("poweroff", "off"),
        ("halt -p", "off"),
        ("reboot", "reboot"),
        ("systemctl poweroff", "off"),
        ("systemctl reboot --no-wall", "reboot"),
        ("systemctl stop poweroff", ""),
        ("systemctl status", ""),
        ("journalctl", ""),
    ],
)
def test_what_a_command_asks_for(line: str, wanted: str) -> None:
    command, *arguments = line.split()
    assert power.requested(command, arguments) == wanted
