from __future__ import annotations

from pathlib import Path

import pytest

from region.machines.accounts import Accounts
from region.machines.container.oci import User
from region.machines.errors import AccountError
from region.machines.root_file_system import RootFileSystem


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text(
        f"web:x:7:app\nhuge:x:{2**32}:app\nodd:x:-5:app\nlong:x:{'9' * 5000}:app\n"
    )
    numbers = [2**32 - 1, 2**40, -1, "", "x", "9" * 5000, "1.5", "٣"]
    lines = [f"u{index}:x:{number}:7::/:/bin/sh" for index, number in enumerate(numbers)]
    lines += [f"g{index}:x:1:{number}::/:/bin/sh" for index, number in enumerate(numbers)]
    (tmp_path / "etc/passwd").write_text("\n".join(["app:x:5:6::/:/bin/sh", *lines]))
    return Accounts(RootFileSystem(lambda: tmp_path))


def test_groups_with_ids_that_are_none_do_not_count(accounts: Accounts):
    assert accounts.user("app") == User(5, 6, (7,))


@pytest.mark.parametrize("name", [f"{kind}{index}" for kind in "ug" for index in range(8)])
def test_an_id_that_is_none_is_one_message(accounts: Accounts, name: str):
    with pytest.raises(AccountError, match=f"'{name}' has the id .* in /etc/passwd.* 4294967294"):
        accounts.user(name)


@pytest.mark.parametrize("name", ["huge", "odd", "long"])
def test_a_group_with_such_an_id_too(accounts: Accounts, name: str):
    with pytest.raises(AccountError, match=f"'{name}' has the id .* in /etc/group"):
        accounts.group(name)
