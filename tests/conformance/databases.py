"""DB instances of conformance tests, and connections to them as a user on the internet opens them."""

from __future__ import annotations

import json
import time
from typing import Any

import psycopg

from region.loopback.addresses import loopback_of
from tests.conformance.cloud import Cloud, Network

CREATION = 900.0
"""Seconds that RDS may take for what has no documented period, such as a creation."""
PASSWORD = "correct-horse-battery"


class Database:
    """A PostgreSQL DB instance that is publicly accessible, in a subnet group of three zones."""

    def __init__(self, cloud: Cloud, network: Network, **settings: Any) -> None:
        self.cloud = cloud
        self.name = cloud.name("db")
        group = cloud.name("dbgroup")
        cloud.rds.create_db_subnet_group(
            DBSubnetGroupName=group, DBSubnetGroupDescription="x", SubnetIds=network.subnets
        )
        cloud.afterwards(cloud.rds.delete_db_subnet_group, DBSubnetGroupName=group)
        wanted: dict[str, Any] = {
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "AllocatedStorage": 20,
            "DBName": "app",
            "MasterUsername": "keeper",
            "DBSubnetGroupName": group,
            "VpcSecurityGroupIds": [network.group],
            "PubliclyAccessible": True,
            **({} if "ManageMasterUserPassword" in settings else {"MasterUserPassword": PASSWORD}),
        }
        cloud.rds.create_db_instance(DBInstanceIdentifier=self.name, **(wanted | settings))
        cloud.afterwards(self.remove, name=self.name)
        self.available()

    def remove(self, name: str) -> None:
        """Delete a DB instance, and wait until it is gone."""
        self.cloud.rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        self.cloud.until(
            lambda: (
                name
                not in {
                    one["DBInstanceIdentifier"]
                    for one in self.cloud.rds.describe_db_instances()["DBInstances"]
                }
            ),
            CREATION,
        )

    def describe(self, name: str = "") -> dict[str, Any]:
        """Return what RDS says of it, or of another DB instance."""
        answer = self.cloud.rds.describe_db_instances(DBInstanceIdentifier=name or self.name)
        return answer["DBInstances"][0]

    def status(self) -> str:
        """Return its status."""
        return self.describe()["DBInstanceStatus"]

    def available(self, name: str = "", within: float = CREATION) -> dict[str, Any]:
        """Wait until it, or another DB instance, is available; return what RDS says of it then."""
        self.cloud.until(
            lambda: self.describe(name)["DBInstanceStatus"] == "available", within, "available"
        )
        return self.describe(name)

    def password(self) -> str:
        """Return the managed master password."""
        secret = self.describe()["MasterUserSecret"]["SecretArn"]
        value = self.cloud.secretsmanager.get_secret_value(SecretId=secret)["SecretString"]
        return json.loads(value)["password"]

    def connect(self, name: str = "", password: str = PASSWORD) -> psycopg.Connection[Any]:
        """Connect from the internet: on a local region that is another address than inside the VPC."""
        endpoint = self.describe(name)["Endpoint"]
        address = endpoint["Address"] if self.cloud.is_aws else loopback_of(endpoint["Address"])
        return psycopg.connect(
            host=address,
            port=endpoint["Port"],
            user="keeper",
            password=password,
            dbname="app",
            sslmode="require",
            connect_timeout=2,
            autocommit=True,
        )

    def answers(self) -> bool:
        """Return whether a new connection is served."""
        try:
            with self.connect() as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def outage(self, within: float) -> float:
        """Wait for an outage to begin and to end; return how long it was, in seconds of AWS."""
        last = time.monotonic()

        def served() -> bool:
            nonlocal last
            if self.answers():
                last = time.monotonic()
                return True
            return False

        self.cloud.until(lambda: not served(), within, "the outage begins")
        began = last
        self.cloud.until(served, within, "the outage ends")
        return (last - began) * self.cloud.speed

    def messages(self, **given: Any) -> list[str]:
        """Return the messages of its events."""
        found = self.cloud.rds.describe_events(
            SourceIdentifier=self.name, SourceType="db-instance", **given
        )
        return [event["Message"].rstrip(".") for event in found["Events"]]
