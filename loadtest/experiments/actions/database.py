"""Faults of the database: it fails over, its password changes."""

from __future__ import annotations

import time

from loadtest.errors import ExperimentError
from loadtest.experiments.session import current

POLL_S = 0.5
LONGEST_S = 600


def fail_over() -> str:
    """Reboot the database with a failover to its standby.

    Raises:
        ExperimentError: It has no standby.
    """
    session = current()
    database = session.stack.database()
    if not database.multi_az:
        raise ExperimentError(
            f"{database.id} has no standby to fail over to: `pulumi config set haproof:databaseMultiAz "
            "true` and `pulumi up`"
        )
    what = f"fail the database {database.id} over"
    with session.act(what, [database.target], kind="database") as act:
        if act is not None:
            rds = session.clients["rds"]
            act.takes_effect()
            rds.reboot_db_instance(DBInstanceIdentifier=database.id, ForceFailover=True)
            deadline = time.monotonic() + LONGEST_S
            while time.monotonic() < deadline and not session.stopping.is_set():
                session.wait(POLL_S)
                found = rds.describe_db_instances(DBInstanceIdentifier=database.id)
                if found["DBInstances"][0]["DBInstanceStatus"] == "available":
                    break
            act.over()
            act.detail = f"primary in {session.stack.database().zone}"
    return database.id


def rotate_password() -> str:
    """Rotate the master password that RDS manages in Secrets Manager.

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
    with session.act(
        f"rotate the password of {database.id}", [database.target], kind="database"
    ) as act:
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
            act.over()
    return database.id
