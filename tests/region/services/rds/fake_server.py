"""A database server without processes, and the DB instance that tests create."""

from __future__ import annotations

import json
import threading
from typing import ClassVar

from region.services.rds.postgres.errors import DatabaseError

SETTINGS = {
    "DBInstanceIdentifier": "notes",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "EngineVersion": "18",
    "AllocatedStorage": 20,
    "DBName": "music",
    "MasterUsername": "keeper",
    "ManageMasterUserPassword": True,
    "DBSubnetGroupName": "private",
}


def _open() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


class FakeServer:
    """A server whose disk outlives it, as the real one's does."""

    made: ClassVar[dict[str, FakeServer]] = {}
    disks: ClassVar[dict[str, dict]] = {}
    error: ClassVar[str] = ""
    gate: ClassVar[threading.Event] = _open()

    def __init__(self, spec, directory):
        self.spec, self.directory = spec, directory
        self.on = False
        self.crashed = False
        FakeServer.made[spec.name] = self

    @property
    def disk(self):
        return self.disks.setdefault(self.directory.name, {})

    @property
    def password(self):
        return self.disk.get("password")

    @property
    def databases(self):
        return self.disk.get("databases", [])

    def exists(self):
        return self.password is not None

    def running(self):
        return self.on

    def processes(self):
        return []

    def create(self, password):
        self.gate.wait(10)
        if self.error:
            raise DatabaseError(self.error)
        self.disk["password"] = password

    def restore(self, source):
        self.disks[self.directory.name] = json.loads(source.read_text())

    def back_up(self, target, password):
        assert password == self.password
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(self.disk))

    def start(self):
        self.on = True

    def stop(self):
        self.on = False

    def crash(self):
        self.on, self.crashed = False, True

    def reload(self, spec):
        self.spec = spec

    def destroy(self):
        self.on = False
        self.disks.pop(self.directory.name, None)

    def ensure_database(self, name, password):
        assert password == self.password
        if name not in self.databases:
            self.disk["databases"] = [*self.databases, name]

    def set_password(self, old, new):
        assert old == self.password
        self.disk["password"] = new


def describe(rds):
    return rds.describe_db_instances(DBInstanceIdentifier="notes")["DBInstances"][0]
