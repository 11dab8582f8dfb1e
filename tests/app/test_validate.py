"""The sample's own check after a deployment: whom it takes for well, and when it gives up."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from toolchain import paths

SCRIPT = paths.ROOT / "app" / "scripts" / "validate.sh"
WITHOUT_WAITS = "sleep() { :; }\nsystemctl() { :; }\n"


@contextmanager
def serving(answers: list[tuple[int, str]]) -> Iterator[tuple[int, list[int]]]:
    """A server that gives these answers (status and version), the last one again and again.

    Yields its port and what it has answered.
    """
    given: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, version = answers[min(len(given), len(answers) - 1)]
            given.append(status)
            self.send_response(status)
            self.send_header("X-App-Version", version)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port, given
        finally:
            server.shutdown()
            thread.join()


def validate(directory: Path, port: int) -> subprocess.CompletedProcess[str]:
    environment = directory / "environment"
    environment.write_text(f"APP_HOST=127.0.0.1\nAPP_PORT={port}\nHEALTH_PATH=/health\n")
    (directory / "VERSION").write_text("v2\n")
    text = SCRIPT.read_text()
    for path, own in (
        ("/opt/haproof/environment", environment),
        ("/opt/music-note/VERSION", directory / "VERSION"),
    ):
        assert path in text
        text = text.replace(path, str(own))
    return subprocess.run(
        ["bash"], input=WITHOUT_WAITS + text, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("answers", "code", "asked"),
    [
        ([(200, "v2")], 0, 1),
        # What was there before, then the service.
        ([(200, "v1"), (200, "v1"), (200, "v2")], 0, 3),
        # A few errors in between are none on and on.
        ([*[(500, "v2")] * 14, (404, "v2"), *[(500, "v2")] * 14, (200, "v2")], 0, 30),
        ([(500, "v2")], 1, 15),
        ([(503, "v1")], 1, 15),
        ([(200, "v1")], 1, 60),
    ],
    ids=["well", "late", "recovers", "errors", "errors-of-another-version", "never"],
)
def test_the_check_gives_up_on_who_answers_errors_and_waits_for_who_starts(
    tmp_path: Path, answers: list[tuple[int, str]], code: int, asked: int
):
    with serving(answers) as (port, given):
        found = validate(tmp_path, port)
    assert (found.returncode, len(given)) == (code, asked), found.stderr
    if asked == 15:
        assert f"status {answers[0][0]} from http://127.0.0.1:{port}/health" in found.stderr


def test_the_check_waits_for_a_service_that_does_not_answer_yet(tmp_path: Path):
    with serving([(200, "v2")]) as (port, _):
        pass
    found = validate(tmp_path, port)
    assert found.returncode == 1
    assert "no response from version v2" in found.stderr
