"""The scripts that faults run on an instance, as root, in the shell that every Linux has.

Each begins what ends it before it begins itself, apart from the command: whatever happens to whoever
caused it, after `seconds` the instance is as it was.
"""

from __future__ import annotations

from textwrap import dedent

STARTED = "haproof: begun at "
"""What a script prints before the time (epoch ms) at which it took effect."""
CLOSED = "haproof: closed after "
"""What a script prints before the time (ms) after which the service closed a connection."""


def listeners(port: int) -> str:
    """Find who listens on a TCP port, as $pids: every process that holds the socket.

    Where root may not look into other users' processes (a container without CAP_SYS_PTRACE), these are
    all processes of the socket's user, unless that is root.
    """
    return dedent(f"""\
        set -eu
        port=$(printf '%04X' {port})
        pids=
        sockets=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
            awk -v port=":$port" '$4 == "0A" && substr($2, length($2) - 4) == port {{print $10, $8}}')
        for inode in $(echo "$sockets" | cut -d ' ' -f 1); do
          for held in $(find /proc/[0-9]*/fd -lname "socket:?$inode?" 2>/dev/null || true); do
            pid=${{held#/proc/}}
            pids="$pids ${{pid%%/*}}"
          done
        done
        if [ -z "$pids" ]; then
          for user in $(echo "$sockets" | cut -d ' ' -f 2 | sort -u | grep -vx 0 || true); do
            pids="$pids $(cat /proc/[0-9]*/status 2>/dev/null |
                awk -v user="$user" '$1 == "Pid:" {{pid = $2}} $1 == "Uid:" && $2 == user {{print pid}}' |
                tr '\\n' ' ')"
          done
        fi
        if [ -z "${{pids# }}" ]; then
          echo "nothing listens on port {port}" >&2
          exit 1
        fi
        """)


def began() -> str:
    """Print when it took effect."""
    return f'echo "{STARTED}$(date +%s%3N)"\n'


def freeze(port: int, seconds: float) -> str:
    """Stop every process that listens on the port; they go on after `seconds`."""
    return (
        listeners(port)
        + dedent(f"""\
        setsid sh -c "sleep {seconds:g}; kill -CONT $pids" >/dev/null 2>&1 </dev/null &
        kill -STOP $pids
        """)
        + began()
    )


def thaw(port: int) -> str:
    """Let everybody who listens on the port go on."""
    return listeners(port) + "kill -CONT $pids\n"


def starve(port: int, seconds: float, share: float) -> str:
    """Let those who listen on the port run only for this share of the time, in slices of a second.

    Not shorter ones: on a small instance, starting the next `sleep` takes as long as they would. The first
    one is shorter, by chance: instances that starve at the same time do not all answer in the same moment.
    """
    off, on = 1 - share, share
    return (
        listeners(port)
        + dedent(f"""\
        read -r now rest </proc/uptime
        end=$(( ${{now%.*}} + {round(seconds)} ))
        first=$(( $(od -An -N2 -tu2 /dev/urandom) % {max(1, round(off * 1000))} ))
        setsid sh -c "
          trap 'kill -CONT $pids' EXIT
          off=$(printf '0.%03d' $first)
          while read -r now rest </proc/uptime; [ \\${{now%.*}} -lt $end ]; do
            kill -STOP $pids || exit 0; sleep \\$off; kill -CONT $pids; sleep {on:.3f}
            off={off:.3f}
          done" >/dev/null 2>&1 </dev/null &
        """)
        + began()
    )


ERROR_SERVER = """\
import http.server
import sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer.request_queue_size = 1024
http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
"""
"""Answers 500 to everything, whatever the service was written in."""
ERROR_FILE = "/run/haproof-fault.py"
ERROR_UNIT = "/run/haproof-fault.unit"
"""The service that it stands in for."""
END_ERRORS = (
    # The brackets keep the pattern from matching the shell that it is written in.
    f"[ -f {ERROR_UNIT} ] || exit 0; pkill -f 'haproof-faul[t].py' || true; "
    f'systemctl start "$(cat {ERROR_UNIT})"'
)
"""Let the service answer again. May be repeated."""


def answer_errors(port: int, seconds: float) -> str:
    """Put a server that answers 500 in the place of the service, which starts again after `seconds`.

    The service has to be a unit of systemd: so it is stopped, and started.
    """
    return listeners(port) + dedent(f"""\
        unit=$(for pid in $pids; do sed -n 's,.*/\\([^/]*\\.service\\)$,\\1,p' "/proc/$pid/cgroup"; done |
            sort -u | head -n 1)
        if [ -z "$unit" ]; then
          echo "what listens on port {port} is not a unit of systemd" >&2
          exit 1
        fi
        echo "$unit" >{ERROR_UNIT}
        cat >{ERROR_FILE} <<'PROGRAM'
        @PROGRAM@PROGRAM
        setsid sh -c "sleep {seconds:g}; $(cat <<'END'
        {END_ERRORS}
        END
        )" >/dev/null 2>&1 </dev/null &
        {began().strip()}
        systemctl stop "$unit"
        setsid python3 {ERROR_FILE} {port} >/dev/null 2>&1 </dev/null &
        """).replace("@PROGRAM@", ERROR_SERVER)


END_MEMORY = "pkill -f 'tail /dev/zer[o]' || true\n"
"""End what uses the memory up. May be repeated; the brackets keep it from ending itself."""


def exhaust_memory(port: int, seconds: float) -> str:
    """Use the memory up until the kernel ends the service, as it does with one that leaks.

    The kernel ends whoever is marked as the first choice: here those who listen on the port, as a
    service that leaks would be the largest. What uses the memory up is next, or ends after `seconds`. That
    are two, each with half of the memory: with all of it one would be the kernel's choice, mark or not.
    """
    return listeners(port) + dedent(f"""\
        victims=$pids
        for pid in $victims; do echo 1000 >"/proc/$pid/oom_score_adj"; done
        began=$(date +%s%3N)
        for _ in 1 2; do
          setsid sh -c "timeout {seconds:g} tail /dev/zero" >/dev/null 2>&1 </dev/null &
        done
        waited=0
        while [ "$waited" -lt {round(seconds * 10)} ]; do
          for pid in $victims; do
            if ! kill -0 "$pid" 2>/dev/null; then
              echo "{STARTED}$began"
              exit 0
            fi
          done
          sleep 0.1
          waited=$((waited + 1))
        done
        echo "the memory was used for {seconds:g} s, and the kernel did not end the service" >&2
        exit 1
        """)


FULL_DISK = "haproof-full-disk"
"""The name of the file that fills a disk; it is deleted at once, and takes space while it is open."""
END_FULL_DISK = dedent(f"""\
    for held in $(find /proc/[0-9]*/fd -lname '*/{FULL_DISK}*' 2>/dev/null || true); do
      pid=${{held#/proc/}}
      kill "${{pid%%/*}}" 2>/dev/null || true
    done
    """)
"""End who keeps the disk full. May be repeated."""
MEBIBYTE = 1024**2
SLACK = 1.05
"""A file system is no larger than its volume, but for what units are rounded to."""


def fill_disk(gibibytes: int, seconds: float, directory: str = "/var/tmp") -> str:  # noqa: S108
    """Fill the root volume, which EC2 says has this size, until nothing can be written any more.

    The file that does it has no name any more: whatever ends who has it open, a reboot too, makes the
    disk as free as it was. Most of it is allocated and not written. An instance whose file system is
    larger than its volume shares it with others, as in a local region without volumes: nothing is
    filled there.
    """
    most = round(gibibytes * MEBIBYTE * SLACK)  # in KiB, as `df` counts
    return dedent(f"""\
        set -eu
        export LC_ALL=C
        size=$(df -Pk {directory} | awk 'NR == 2 {{print $2}}')
        if [ "$size" -gt {most} ]; then
          echo "its file system has $((size / {MEBIBYTE})) GiB and its volume {gibibytes}:" \
            "it shares a disk with others, so nothing is filled" >&2
          exit 1
        fi
        exec 3>{directory}/{FULL_DISK}
        rm {directory}/{FULL_DISK}
        setsid sleep {seconds:g} >/dev/null 2>&1 </dev/null &
        # Said before, as it may be written to this disk.
        {began().strip()}
        file=/proc/$$/fd/3
        # Not all of it at once: the tables of the file system take space, too.
        for share in 98 90 90; do
          free=$(df -Pk {directory} | awk 'NR == 2 {{print $4}}')
          fallocate -o "$(stat -Lc %s $file)" -l "$((free * share / 100))k" $file 2>/dev/null || true
        done
        for block in 1M 4k; do
          dd if=/dev/zero bs=$block oflag=append conv=notrunc of=$file 2>/dev/null || true
        done
        if head -c 64k /dev/zero >{directory}/{FULL_DISK} 2>/dev/null; then
          rm {directory}/{FULL_DISK}
          echo "the disk takes more although it was filled" >&2
          exit 1
        fi
        rm -f {directory}/{FULL_DISK}
        """)


def closes_idle(host: str, port: int, path: str, most_s: float) -> str:
    """Print after how many seconds without a request the service closes a connection.

    Prints nothing if it keeps it for longer than `most_s`. Changes nothing.
    """
    request = f"GET {path} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n"
    return dedent(f"""\
        exec bash -c '
        set -eu
        exec 3<>/dev/tcp/{host}/{port}
        printf "{request}" >&3
        read -r began rest </proc/uptime
        if timeout {most_s:g} cat <&3 >/dev/null; then
          read -r ended rest </proc/uptime
          echo "{CLOSED}$(( (10#${{ended/./}} - 10#${{began/./}}) * 10 ))"
        fi
        '
        """)


def closed_s(printed: str) -> float | None:
    """Return what `closes_idle` printed, in seconds; None if the connection was kept."""
    found = _printed(printed, CLOSED)
    return None if found is None else found / 1000


HANGS_S = 1.2
"""Shorter than the health check's timeout of 2 s, longer than the second from which p99 alarms."""


def hanging_repeatedly(port: int, hangs_s: float = HANGS_S) -> str:
    """Run the command of its arguments, and once that listens on the port stop it again and again.

    For a unit of systemd: it ends with the command, and passes SIGTERM on.
    """
    return dedent(f"""\
        #!/bin/sh
        setsid "$@" &
        service=$!
        all() {{ kill -s "$1" -- "-$service" 2>/dev/null; }}
        trap 'all CONT; all TERM; wait "$service"; exit' TERM INT
        port=$(printf ':%04X' {port})
        until grep -qi "$port [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
          kill -0 "$service" 2>/dev/null || break
          sleep 1
        done
        while all STOP; do
          sleep {hangs_s:g}
          all CONT
          sleep {2 * hangs_s:g}
        done
        wait "$service"
        """)


def began_ms(printed: str) -> float | None:
    """Return when a script took effect by what it printed, in epoch ms; None if it did not say."""
    return _printed(printed, STARTED)


def _printed(text: str, before: str) -> float | None:
    """Return the number that a line has after these words; None without such a line."""
    for line in text.splitlines():
        if line.startswith(before):
            number = line.removeprefix(before).strip()
            return float(number) if number.isdecimal() else None
    return None
