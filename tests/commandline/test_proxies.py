"""No proxy variable survives the entry of a command line that uses a local region."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from commandline import proxies
from loadtest.cli import main as loadtest_cli
from region import cli as region_cli
from rehearsal import cli as rehearsal_cli

NAMES = ("http_proxy", "HTTPS_PROXY", "All_Proxy", "NO_PROXY", "grpc_proxy", "ftp_proxy")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("AWS_PAGER", "cat")


def left() -> list[str]:
    return [name for name in NAMES if name in os.environ]


@pytest.mark.parametrize("main", [region_cli.main, rehearsal_cli.main])
def test_region_and_rehearsal_forget_proxies_and_the_aws_account(
    main: Callable[[list[str]], int], monkeypatch: pytest.MonkeyPatch
):
    assert main(["--help"]) == 0
    assert left() == []
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_PAGER"] == "cat"


@pytest.mark.parametrize(
    ("endpoint", "kept"),
    [
        ("http://127.0.0.1:4566", False),
        ("", True),
        ("https://ec2.ap-northeast-2.amazonaws.com", True),
    ],
)
def test_the_load_test_forgets_them_on_a_local_region_only(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, kept: bool
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert loadtest_cli.main(["--help"]) == 0
    assert left() == (list(NAMES) if kept else [])


def test_what_the_c_library_sees_is_gone_too():
    """gRPC reads the process's environment past Python's dictionary; children inherit it."""
    proxies.forget()
    shown = subprocess.run(
        [sys.executable, "-c", "import os; print(*os.environ)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not [name for name in shown if proxies.is_proxy_variable(name)]
