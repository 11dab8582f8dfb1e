"""Inspects an instance whose application does not serve, through Run Command.

It uses what Amazon Linux has: sh, ss, curl, systemctl and journalctl. The instances' role permits it
on AWS as on a local region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.stack import diagnosis, run_command
from loadtest.stack.run_command import RunCommandError

COMMENT: Final = "haproof: why does the application not serve?"
TIMEOUT_S: Final = 90.0
"""A computer with applications that fail to start again and again is a busy one."""

IN_A_ROW: Final = 3
"""Looks in a row that have to find that waiting will not help."""

SCRIPT: Final = r"""
. /opt/haproof/environment
printf 'setting\t%s\t%s\t%s\n' "$APP_HOST" "$APP_PORT" "$HEALTH_PATH"
printf 'memory\t%s\n' "$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)"
ss --no-header --listening --tcp --numeric --processes | while read -r _ _ _ local _ users; do
  name="${users#*\"}"
  printf 'listens\t%s\t%s\n' "$local" "${name%%\"*}"
done
printf 'answer\t%s\n' "$(curl --silent --output /dev/null --max-time 5 --noproxy '*' \
  --write-out '%{http_code}\t%{redirect_url}' "http://$APP_HOST:$APP_PORT$HEALTH_PATH")"
for file in /etc/systemd/system/*.service; do
  # A link belongs to the system, or to a unit that is enabled; an installed unit is a file.
  [ -f "$file" ] && [ ! -L "$file" ] || continue
  unit="${file##*/}"
  state="$(systemctl show --property=ActiveState,SubState,Result,ExecMainStatus,NRestarts "$unit" |
    tr '\n' ' ')"
  printf 'unit\t%s\t%s\n' "$unit" "$state"
  journalctl --unit "$unit" --lines 60 --no-pager --output cat | while read -r line; do
    printf 'log\t%s\t%.300s\n' "$unit" "$line"
  done
done
exit 0
"""
"""Prints a line per fact, its parts separated by tabs, for `diagnosis.read`."""


@dataclass(frozen=True)
class Look:
    """What a look at an instance showed.

    Attributes:
        lines: What is wrong, or why nobody can tell; empty if nothing seems wrong.
        lasts: Whether waiting longer will not help.
    """

    lines: Sequence[str] = ()
    lasts: bool = False


def look(ssm: Any, instance: str) -> Look:
    """Return what is wrong on an instance.

    `ssm` is boto3's client.
    """
    try:
        printed = run_command.run(ssm, [instance], SCRIPT, COMMENT, TIMEOUT_S)[instance]
        facts = diagnosis.read(printed)
    except (RunCommandError, BotoCoreError, ClientError) as error:
        return Look([f"on {instance}: cannot look into it: {error}"])
    except ValueError as error:
        return Look([f"on {instance}: what it tells about itself cannot be read: {error}"])
    found = diagnosis.findings(facts)
    if not found:
        return Look()
    lines = [f"on {instance}: {found[0]}", *(f"  {line}" for line in found[1:])]
    return Look(lines, diagnosis.will_last(facts))


class Looks:
    """Looks at an instance while something is missing: told where they show something else than before."""

    def __init__(self, look: Callable[[], Look], print_line: Callable[[str], None]) -> None:
        self._look, self._print = look, print_line
        self._before, self._lasting = Look(), 0

    def again(self) -> Look:
        """Look once more, and tell it unless it settles the matter."""
        found = self._look()
        self._lasting = self._lasting + 1 if found.lasts else 0
        if not self.settle_it and found.lines[:1] != self._before.lines[:1]:
            for line in found.lines:
                self._print(line)
        self._before = found
        return found

    @property
    def settle_it(self) -> bool:
        """Whether `IN_A_ROW` of them have found that waiting will not help."""
        return self._lasting >= IN_A_ROW
