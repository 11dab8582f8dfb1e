"""Users and groups of images."""

from __future__ import annotations

from region.machines.images import accounts

PASSWD = """\
root:x:0:0:root:/root:/bin/zsh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
alice:x:1000:1000:Alice:/home/alice:/bin/bash
+::::::
broken
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUP = "root:x:0:\nadm:x:4:daemon,alice\nalice:x:1000:\nnogroup:x:65534:\n"


def names(text: str) -> list[str]:
    return [line.partition(":")[0] for line in text.splitlines()]


def test_people_of_the_host_are_left_out_and_ec2_user_takes_their_place():
    made = accounts.of_host(PASSWD, GROUP)
    assert names(made.passwd) == ["root", "daemon", "nobody", "ec2-user"]
    assert names(made.group) == ["root", "adm", "nogroup", "ec2-user"]
    assert "adm:x:4:daemon\n" in made.group
    assert "ec2-user:x:1000:1000:EC2:/home/ec2-user:/bin/bash\n" in made.passwd
    assert "alice" not in made.passwd + made.group + made.shadow + made.gshadow


def test_no_account_of_the_host_has_a_password_or_expires():
    shadow = [line.split(":") for line in accounts.of_host(PASSWD, GROUP).shadow.splitlines()]
    assert {row[1] for row in shadow} == {"*"}
    assert {(row[2] == "0", row[7]) for row in shadow} == {(False, "")}


def test_everything_of_an_image_is_kept():
    made = accounts.of_image(PASSWD, GROUP, "root:$6$x:1::::::\n", "adm:!::\n")
    assert "root:$6$x:1::::::\n" in made.shadow
    assert "alice" in names(made.passwd)
    assert names(made.shadow) == ["root", "daemon", "alice", "nobody", "ec2-user"]
    assert sorted(names(made.gshadow)) == sorted(names(made.group))


def test_an_image_that_has_ec2_user_keeps_its_own():
    own = "root:x:0:0::/root:/bin/sh\nec2-user:x:1000:1000:EC2:/home/ec2-user:/bin/bash\n"
    made = accounts.of_image(own, "root:x:0:\nec2-user:x:1000:\n", "", "")
    assert made.passwd == own


def test_an_image_without_any_account_gets_root():
    assert names(accounts.of_image("", "", "", "").passwd) == ["root", "ec2-user"]
