"""The users and groups of an image, each with `ec2-user`."""

from __future__ import annotations

from dataclasses import dataclass

from region.machines.inside.files import as_id

USER = "ec2-user"
USER_ID = 1000
_FIRST_PERSON = 1000
_NOBODY = 65534
_DAY = "19000"
"""Day of the last change of a password, since 1970: any but 0, which would force a change."""

SUDOERS = f"""\
Defaults !requiretty
# How the AWS SDKs find the region.
Defaults env_keep += "AWS_ENDPOINT_URL"
Defaults secure_path = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root ALL=(ALL:ALL) ALL
{USER} ALL=(ALL:ALL) NOPASSWD:ALL
@includedir /etc/sudoers.d
"""


@dataclass(frozen=True)
class Accounts:
    """The texts of the four files."""

    passwd: str
    group: str
    shadow: str
    gshadow: str


def of_host(passwd: str, group: str) -> Accounts:
    """Keep the system's users and groups, which its software needs, and lock them all.

    The people who use this computer are left out, and so is every password.
    """
    users = [row for row in _rows(passwd, 7) if _of_the_system(row[2])]
    groups = [row for row in _rows(group, 4) if _of_the_system(row[2])]
    names = {row[0] for row in users} | {USER}
    groups = [[*row[:3], ",".join(n for n in row[3].split(",") if n in names)] for row in groups]
    return _with_user(users, groups, [], [])


def of_image(passwd: str, group: str, shadow: str, gshadow: str) -> Accounts:
    """Keep everything, and add root and `ec2-user` where they are missing."""
    return _with_user(_rows(passwd, 7), _rows(group, 4), _rows(shadow, 9), _rows(gshadow, 4))


def _of_the_system(number: str) -> bool:
    return as_id(number) is not None and (int(number) < _FIRST_PERSON or int(number) == _NOBODY)


def _with_user(
    users: list[list[str]],
    groups: list[list[str]],
    shadow: list[list[str]],
    gshadow: list[list[str]],
) -> Accounts:
    number = str(USER_ID)
    if "root" not in {row[0] for row in users}:
        users = [["root", "x", "0", "0", "root", "/root", "/bin/bash"], *users]
    if "root" not in {row[0] for row in groups}:
        groups = [["root", "x", "0", ""], *groups]
    if USER not in {row[0] for row in users}:
        # Where the image gives the number to a user of its own, such as Ubuntu's, both have it.
        users = [*users, [USER, "x", number, number, "EC2", f"/home/{USER}", "/bin/bash"]]
    if USER not in {row[0] for row in groups}:
        groups = [*groups, [USER, "x", number, ""]]
    known = {row[0] for row in shadow}
    shadow = [*shadow, *([r[0], "*", _DAY, *[""] * 6] for r in users if r[0] not in known)]
    known = {row[0] for row in gshadow}
    gshadow = [*gshadow, *([r[0], "!", "", r[3]] for r in groups if r[0] not in known)]
    return Accounts(*(_text(rows) for rows in (users, groups, shadow, gshadow)))


def _rows(text: str, columns: int) -> list[list[str]]:
    """Return the lines of a file; those of NIS (`+::::`) and broken ones are left out."""
    rows = [line.split(":") for line in text.splitlines() if line[:1] not in {"", "+", "-", "#"}]
    return [row for row in rows if len(row) == columns]


def _text(rows: list[list[str]]) -> str:
    return "".join(":".join(row) + "\n" for row in rows)
