"""One worker of the calibration: a program of its own that imports nothing of the project.

It is run by path, isolated (`python -I -S`), with one argument. With the CPU to stay on, it warms up,
prints `ready`, waits for a line, does the fixed work in slices and then in bursts, and prints one
JSON object. With `follow`, it does a burst now and then, on any CPU, and prints what a unit of each took,
in CPU seconds, until its input is closed.

The work is what an instance of a web service does, in plain Python: reading a request, records in
dictionaries, text by formatting, JSON, regular expressions, and about a tenth of hashing. It is
deterministic and makes no cyclic garbage. A change of it, however small, changes its rate: then
`reference.RATE` has to be determined again, as docs/calibration.md says.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import re
import select
import sys
import time
from collections.abc import Callable

WARM_UP_S = 0.12
"""CPU time before the measurement: the interpreter specializes its instructions, caches fill."""
SLICE_S = 0.06
"""CPU time of one slice."""
WALL_S = 0.6
"""How long the slices last at least, on the wall."""
LEAST_SLICES = 6
LONGEST_S = 1.5
"""Then they end, however few there are: a throttled process gets them slowly."""
BURST_UNITS = 5
"""What a request of 1 ms costs the reference core."""
PAUSE_S = 0.024
"""Between two requests to one of six instances that get 250 a second together."""
GROUP = 2
"""Bursts that count as one measurement."""
BURSTS_WALL_S = 0.9
FOLLOW = "follow"
FOLLOW_PAUSE_S = 0.2
"""Between two bursts while a region runs: half a per cent of a reference core."""

_REQUEST = (
    "POST /notes/search?title=quarterly%20report&tag=music&tag=piano&limit=25&order=desc HTTP/1.1\r\n"
    "Host: notes.example.com\r\n"
    "User-Agent: Artillery (https://artillery.io)\r\n"
    "Accept: text/html,application/json;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 66\r\n"
    "Cookie: session=0f3c9a7be21d; theme=dark; visited=17\r\n"
    "X-Forwarded-For: 203.0.113.7\r\n"
    "Connection: keep-alive\r\n\r\n"
)
_WORD = re.compile(r"[a-z]{4,}")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")


class _Note:
    """A record with a little behavior, as an application has them."""

    __slots__ = ("number", "score", "tags", "title")

    def __init__(self, number: int, title: str, tags: tuple[str, ...], score: int) -> None:
        self.number = number
        self.title = title
        self.tags = tags
        self.score = score

    def row(self) -> dict[str, object]:
        return {
            "id": self.number,
            "title": self.title,
            "tags": list(self.tags),
            "score": self.score / 8,
            "archived": self.score % 3 == 0,
            "owner": None,
        }


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text.replace("+", " "))


def _parse(text: str) -> tuple[str, dict[str, str], dict[str, list[str]]]:
    """Return path, header fields and query of a request."""
    head, _, _ = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    _, target, _ = lines[0].split(" ")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    path, _, query = target.partition("?")
    values: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        values.setdefault(_unescape(name), []).append(_unescape(value))
    return path, fields, values


def _notes(seed: int) -> list[_Note]:
    tags = ("music", "piano", "draft", "work", "home")
    return [
        _Note(
            i,
            f"note {i} of {seed % 97}",
            (tags[i % 5], tags[(i * 3 + seed) % 5]),
            (i * 37 + seed) % 101,
        )
        for i in range(24)
    ]


def _page(notes: list[_Note]) -> str:
    rows = [
        f"<tr><td>{note.number}</td><td>{note.title.replace('&', '&amp;').replace('<', '&lt;')}</td>"
        f"<td>{', '.join(note.tags)}</td><td>{note.score / 8:.2f}</td></tr>"
        for note in notes
    ]
    return "<table>" + "\n".join(rows) + "</table>"


def unit(seed: int) -> int:
    """Do one unit of the work and return a number that depends on all of it."""
    path, fields, query = _parse(_REQUEST)
    notes = _notes(seed)
    notes.sort(key=lambda note: (-note.score, note.title))
    by_tag: dict[str, list[int]] = {}
    for note in notes:
        for tag in note.tags:
            by_tag.setdefault(tag, []).append(note.number)
    wanted = set(query["tag"])
    chosen = [note for note in notes if wanted & set(note.tags)][: int(query["limit"][0])]
    text = json.dumps({"path": path, "notes": [note.row() for note in chosen], "tags": by_tag})
    read = json.loads(text)
    page = _page(chosen)
    total = sum(len(word) for word in _WORD.findall(page)) + len(fields) + len(read["notes"])
    key = hashlib.pbkdf2_hmac("sha256", fields["cookie"].encode(), page[:16].encode(), 40)
    digest = hashlib.sha256(text.encode() + key).digest()
    return total + digest[0]


def _slice() -> tuple[int, float]:
    """Return how many units were done in about SLICE_S, and the CPU time that they took."""
    began = time.thread_time()
    units = 0
    while True:
        unit(units)
        units += 1
        used = time.thread_time() - began
        if used >= SLICE_S:
            return units, used


def _bursts() -> tuple[int, float]:
    """Return how many units a few bursts did, and the CPU time that they took, waking up included."""
    began = time.thread_time()
    for _ in range(GROUP):
        time.sleep(PAUSE_S)
        for seed in range(BURST_UNITS):
            unit(seed)
    return GROUP * BURST_UNITS, time.thread_time() - began


def _follow() -> None:
    """Print what a unit takes in one burst after the other, until the reader is gone."""
    while not select.select([sys.stdin], [], [], FOLLOW_PAUSE_S)[0]:
        began = time.thread_time()
        for seed in range(BURST_UNITS):
            unit(seed)
        print(f"{(time.thread_time() - began) / BURST_UNITS:.9f}", flush=True)


def _repeat(work: Callable[[], tuple[int, float]], seconds: float) -> list[tuple[int, float]]:
    """Repeat `work` for `seconds` and LEAST_SLICES times, but no longer than LONGEST_S."""
    found: list[tuple[int, float]] = []
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < LONGEST_S:
        if elapsed >= seconds and len(found) >= LEAST_SLICES:
            break
        found.append(work())
    return found


def _pin(cpu: int) -> None:
    try:
        os.sched_setaffinity(0, {cpu})
    except OSError:
        # The CPU went offline or out of our set a moment ago: the measure holds for any.
        return


def main() -> None:
    """Follow, or measure on the CPU that the first argument names."""
    follows = sys.argv[1] == FOLLOW
    if not follows:
        _pin(int(sys.argv[1]))
    gc.disable()
    while time.thread_time() < WARM_UP_S:
        unit(0)
    if follows:
        with contextlib.suppress(BrokenPipeError):
            _follow()
        return
    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    wall = time.monotonic()
    cpu = time.thread_time()
    slices = _repeat(_slice, WALL_S)
    used, elapsed = time.thread_time() - cpu, time.monotonic() - wall
    bursts = _repeat(_bursts, BURSTS_WALL_S)
    found = {"slices": slices, "cpu_s": used, "wall_s": elapsed, "bursts": bursts}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
