"""What a service of Type=notify tells its manager: sd_notify(3), as far as a start needs it."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from region.machines.container.oci import User

DIRECTORY: Final = "/run/systemd/notify"
_LONGEST: Final = 4096
_CREDENTIALS: Final = struct.Struct("3i")
_POLL_SECONDS: Final = 0.1


class Notifications:
    """A socket that one start of a service may write to, read until it is closed."""

    def __init__(
        self, directory: int, name: str, owner: User, mine: Callable[[], set[int]]
    ) -> None:
        """Make the socket `name` in the open directory; only processes of `mine()` are heard.

        Raises:
            OSError: If it cannot be made.
        """
        self.ready = threading.Event()
        self.main_number = 0
        self.status = ""
        self._mine = mine
        self._closed = threading.Event()
        self._name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._directory = os.dup(directory)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=directory)
            # By the directory's descriptor: nothing of the machine can lead it elsewhere.
            self._socket.bind(f"/proc/self/fd/{directory}/{name}")
            if owner.uid != os.geteuid():
                os.chown(name, owner.uid, owner.gid, dir_fd=directory, follow_symlinks=False)
        except BaseException:
            self._release()
            raise
        self._thread = threading.Thread(target=self._read, name="notify", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._closed.set()
        self._thread.join()
        with suppress(OSError):
            os.unlink(self._name, dir_fd=self._directory)
        self._release()

    def _release(self) -> None:
        self._socket.close()
        os.close(self._directory)

    def _read(self) -> None:
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        while not self._closed.is_set():
            if poller.poll(_POLL_SECONDS * 1000):
                self._receive()

    def _receive(self) -> None:
        space = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(4 * 16)
        try:
            data, extra, _, _ = self._socket.recvmsg(_LONGEST, space)
        except OSError:
            return
        sender = 0
        for level, kind, content in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                sender = _CREDENTIALS.unpack(content[: _CREDENTIALS.size])[0]
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                # Descriptors, which FDSTORE=1 would have kept and BARRIER=1 waits to be closed.
                for (descriptor,) in struct.iter_unpack("i", content[: len(content) // 4 * 4]):
                    os.close(descriptor)
        if sender in self._mine():
            self._apply(data.decode(errors="replace").splitlines())

    def _apply(self, lines: list[str]) -> None:
        for line in lines:
            key, _, value = line.partition("=")
            if key == "MAINPID" and value.isdecimal() and len(value) <= 10:
                self.main_number = int(value)
            elif key == "STATUS":
                self.status = value
        if "READY=1" in lines:
            self.ready.set()
