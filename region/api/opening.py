"""What a control plane needs before it listens: its port, and the certainty that it reaches no AWS."""

from __future__ import annotations

import socket
from typing import Final

from moto.core.config import default_user_config
from moto.core.models import DEFAULT_ACCOUNT_ID

from commandline.errors import UserError
from region.config import ACCOUNT

HOST: Final = "127.0.0.1"


class ControlPlaneError(UserError):
    """The control plane cannot start; the message says what to do."""


def bind(port: int) -> socket.socket:
    """Return a listening socket at the host's loopback address.

    Raises:
        ControlPlaneError: If the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        message = (
            f"The region's API cannot listen on {HOST}:{port} ({error.strerror}): stop what uses "
            f"port {port} (`ss -ltnp 'sport = :{port}'` shows it) or choose another port, 0 for a "
            "free one."
        )
        raise ControlPlaneError(message) from error
    return listener


def refuse_pass_through() -> None:
    """Make sure that moto never forwards a request to AWS nor emulates a real account."""
    if DEFAULT_ACCOUNT_ID != ACCOUNT:
        message = (
            f"moto was imported with account {DEFAULT_ACCOUNT_ID}: unset MOTO_ACCOUNT_ID, the "
            f"local region is account {ACCOUNT} only."
        )
        raise ControlPlaneError(message)
    core = default_user_config.get("core", {})
    passthrough = core.get("passthrough") or {}
    if passthrough.get("urls") or passthrough.get("services"):
        message = (
            f"moto is set to pass requests through to AWS ({passthrough}): remove that setting, "
            "the local region must never reach a real account."
        )
        raise ControlPlaneError(message)
