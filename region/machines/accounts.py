"""The users and groups of a machine, read from its own /etc/passwd and /etc/group.

The host's name service is never asked: it knows other users.
"""

from __future__ import annotations

from region.machines.container.oci import User
from region.machines.errors import AccountError
from region.machines.inside.files import HIGHEST_ID, as_id
from region.machines.root_file_system import RootFileSystem


class Accounts:
    """Resolves names to numbers; reads the files at every call, since hooks add users."""

    def __init__(self, files: RootFileSystem) -> None:
        """Read the files of one machine."""
        self._files = files

    def user(self, name: str, group: str = "") -> User:
        """Return the user called `name` (or with that number), with all of its groups.

        `group` replaces its primary group.

        Raises:
            AccountError: If the machine has no such user or group.
        """
        if name in ("root", "0", "") and not group:
            return User()
        entry = self._entry("/etc/passwd", name or "root")
        if entry is None or len(entry) < 4:
            raise AccountError(f"The instance has no user {name!r}; create it first, with useradd.")
        primary = self.group(group) if group else _id(entry[3], entry[0], "/etc/passwd")
        return User(_id(entry[2], entry[0], "/etc/passwd"), primary, self._groups_of(entry[0]))

    def home(self, name: str) -> str:
        """Return a user's home directory; / if it has none."""
        entry = self._entry("/etc/passwd", name)
        return entry[5] if entry is not None and len(entry) > 5 and entry[5] else "/"

    def shell(self, name: str) -> str:
        """Return a user's login shell, which `su` runs; /bin/sh if it has none.

        Raises:
            AccountError: If no user has this name; numbers are none.
        """
        for entry in self._entries("/etc/passwd"):
            if entry[0] == name:
                return (entry[6] if len(entry) > 6 else "") or "/bin/sh"
        if name == "root":
            return "/bin/sh"
        raise AccountError(f"The instance has no user {name!r}; create it first, with useradd.")

    def name(self, user: str) -> str:
        """Return the name of a user given by name or number; `user` itself if there is none."""
        entry = self._entry("/etc/passwd", user)
        return entry[0] if entry is not None else user

    def group(self, name: str) -> int:
        """Return the number of the group called `name`, or with that number.

        Raises:
            AccountError: If the machine has no such group.
        """
        entry = self._entry("/etc/group", name)
        if entry is None or len(entry) < 3:
            raise AccountError(
                f"The instance has no group {name!r}; create it first, with groupadd."
            )
        return _id(entry[2], entry[0], "/etc/group")

    def _groups_of(self, user: str) -> tuple[int, ...]:
        groups = [entry for entry in self._entries("/etc/group") if len(entry) >= 4]
        mine = [as_id(entry[2]) for entry in groups if user in entry[3].split(",")]
        # As with the C library, a line that is not valid is none.
        return tuple(number for number in mine if number is not None)

    def _entry(self, path: str, name: str) -> list[str] | None:
        for entry in self._entries(path):
            if entry[0] == name or (name.isdigit() and entry[2:3] == [name]):
                return entry
        return None

    def _entries(self, path: str) -> list[list[str]]:
        try:
            text = self._files.read_bytes(path).decode(errors="replace")
        except FileNotFoundError:
            return []
        lines = (line.strip() for line in text.splitlines())
        return [line.split(":") for line in lines if line and not line.startswith("#")]


def _id(text: str, name: str, file: str) -> int:
    number = as_id(text)
    if number is None:
        raise AccountError(
            f"{name!r} has the id {text[:30]!r} in {file} of the machine, which is none; ids are "
            f"numbers from 0 to {HIGHEST_ID}."
        )
    return number
