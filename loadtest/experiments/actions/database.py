"""Faults of the database: a failover, a password rotation."""

from __future__ import annotations

import time
from typing import Final

from loadtest.errors import ExperimentError
from loadtest.experiments.session import Session, current
from loadtest.messages.message import msg

POLL_S = 0.5
LONGEST_S = 600
AT_MOST_S: Final = {"fail_over": 2.0 * LONGEST_S, "rotate_password": 3.0 * LONGEST_S}
"""How long actions of this module wait for what takes as long as it takes, by their names."""


def fail_over() -> str:
    """Reboot the database with a failover to its standby.

    Without a standby it starts again where it was, which is the mildest way in which its primary can fail:
    whatever users have of it, nobody would take over from a host or a zone that is gone.
    """
    session = current()
    database = session.stack.database()
    if not session.dry:
        # What is being changed about it at the moment may be its standby.
        _await_available(session, database.id)
        database = session.stack.database()
    if session.stopping.is_set():
        raise ExperimentError(f"{database.id} was left alone, as the experiment is being ended")
    what = (
        f"fail the database {database.id} over"
        if database.multi_az
        else f"reboot the database {database.id}, which has no standby to fail over to"
    )
    with session.act(what, [database.target], kind="database") as act:
        if act is not None:
            act.takes_effect()
            _reboot(session, database.id, failover=database.multi_az)
            act.over()
            act.detail = f"primary in {session.stack.database().zone}"
            if not database.multi_az:
                session.found.append(msg("experiment.no-standby", database=database.id))
    return database.id


def _reboot(session: Session, database: str, *, failover: bool) -> None:
    """Reboot the database, and wait until it is available again."""
    rds = session.clients["rds"]
    rds.reboot_db_instance(DBInstanceIdentifier=database, ForceFailover=failover)
    session.wait(POLL_S)
    _await_available(session, database)


def _await_available(session: Session, database: str) -> None:
    """Wait until the database is available, which it is not while it is modified or rebooted."""
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline and not session.stopping.is_set():
        found = session.clients["rds"].describe_db_instances(DBInstanceIdentifier=database)
        if found["DBInstances"][0]["DBInstanceStatus"] == "available":
            break
        session.wait(POLL_S)


def rotate_password() -> str:
    """Rotate the master password that RDS manages in Secrets Manager, then let everybody connect anew.

    Connections that exist go on with the password that they began with, for days: a service that keeps the
    old one shows only once they end. So the database is rebooted, without a failover.

    Raises:
        ExperimentError: RDS does not manage it.
    """
    session = current()
    database = session.stack.database()
    secret = database.secret_arn
    if secret is None:
        raise ExperimentError(
            f"RDS does not manage the password of {database.id}: there is no secret to rotate"
        )
    what = f"rotate the password of {database.id}, then reboot it"
    with session.act(what, [database.target], kind="database") as act:
        if act is not None:
            rds = session.clients["rds"]
            act.takes_effect()
            session.clients["secretsmanager"].rotate_secret(SecretId=secret)
            deadline = time.monotonic() + LONGEST_S
            while time.monotonic() < deadline and not session.stopping.is_set():
                session.wait(POLL_S)
                found = rds.describe_db_instances(DBInstanceIdentifier=database.id)
                status = (found["DBInstances"][0].get("MasterUserSecret") or {}).get("SecretStatus")
                if status == "active":
                    break
            _await_available(session, database.id)
            _reboot(session, database.id, failover=False)
            act.over()
    return database.id
