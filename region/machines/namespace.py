"""The launcher: the command that starts a process inside a machine.

It runs before the machine's own program, in the same process: it joins the machine's control
groups, enters a mount namespace of its own, mounts the machine's disk over /opt and then replaces
itself by the program (exec), so the process id stays the same throughout.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from region.machines.disk import PRIVATE_NAMES, Disk
from region.machines.errors import NamespaceUnavailable

# Exit codes as systemd uses them for the same failures (systemd.exec(5)).
EXIT_CHDIR = 200
EXIT_CGROUP = 219
EXIT_NAMESPACE = 226

_JOIN = f"""
while [ "$1" != -- ]; do
  echo $$ > "$1" || exit {EXIT_CGROUP}
  shift
done
shift
exec "$@"
"""

# Every entry of the host's /opt is bound to the same name on the disk, so that tools which the host
# keeps there still work; only then does the disk cover /opt. The binds are recursive, since the
# namespace of an unprivileged user may not reveal what a mount covers. The host's entries are
# read-only: a hook that clears its directory below /opt must never clear one of the developer's.
# The entry that holds the disk itself stays writable.
_MOUNT = f"""
disk=$1 directory=$2
shift 2
for entry in /opt/* /opt/.[!.]*; do
  name=${{entry##*/}}
  case $name in {"|".join(sorted(PRIVATE_NAMES))}) continue ;; esac
  if [ -L "$entry" ]; then
    [ -L "$disk/$name" ] || ln -s "$(readlink "$entry")" "$disk/$name" || exit {EXIT_NAMESPACE}
    continue
  elif [ -d "$entry" ]; then
    mkdir -p "$disk/$name" || exit {EXIT_NAMESPACE}
  elif [ -e "$entry" ]; then
    : >> "$disk/$name" || exit {EXIT_NAMESPACE}
  else
    continue
  fi
  mount --rbind "$entry" "$disk/$name" || exit {EXIT_NAMESPACE}
  case $disk in
    "$entry"/*) ;;
    *) mount -o remount,bind,ro "$disk/$name" || exit {EXIT_NAMESPACE} ;;
  esac
done
mount --rbind "$disk" /opt || exit {EXIT_NAMESPACE}
cd "$directory" || exit {EXIT_CHDIR}
exec "$@"
"""


def _unshare() -> list[str]:
    mine = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *mine, "--mount", "--propagation", "private"]


def launch_command(
    disk: Disk, procs_files: Sequence[Path], directory: str, argv: Sequence[str]
) -> list[str]:
    """Build the host's command that runs `argv` in the machine, in its `directory`."""
    joined = ["sh", "-c", _JOIN, "join", *map(str, procs_files), "--"]
    mounted = ["sh", "-c", _MOUNT, "mount", str(disk.opt), directory]
    return [*joined, *_unshare(), *mounted, *argv]


def check_namespaces(needed: Sequence[Path] = ()) -> None:
    """Check that the launcher can make its mounts on this host.

    Args:
        needed: Paths of the host that machines use, so that their own disk must not cover them.

    Raises:
        NamespaceUnavailable: If it cannot.
    """
    for path in needed:
        covered = [name for name in PRIVATE_NAMES if path.is_relative_to(f"/opt/{name}")]
        if covered:
            raise NamespaceUnavailable(
                f"{path} lies in /opt/{covered[0]}, which belongs to the instances inside the "
                "local region; move the project elsewhere, to your home directory for example."
            )
    if not Path("/opt").is_dir():
        raise NamespaceUnavailable(
            "This host has no directory /opt for a machine's disk to cover; "
            "create it with `sudo mkdir /opt`."
        )
    trial = [*_unshare(), "mount", "--rbind", "/opt", "/opt"]
    try:
        done = subprocess.run(
            trial, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NamespaceUnavailable(
            f"`{' '.join(trial)}` did not run ({error}); install util-linux."
        ) from error
    if done.returncode != 0:
        raise NamespaceUnavailable(
            f"`{' '.join(trial)}` failed ({done.stderr.strip()}); run as root, or allow user "
            "namespaces: `sudo sysctl kernel.unprivileged_userns_clone=1` (Debian), "
            "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu)."
        )
