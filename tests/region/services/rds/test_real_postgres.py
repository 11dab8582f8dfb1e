"""The API with real PostgreSQL behind it."""

from __future__ import annotations

import json
from functools import partial

import psutil
import psycopg
import pytest

from region.loopback.addresses import loopback_of
from region.reconcile import ControllerLoop
from region.services.rds.controller import DatabasesController
from region.services.rds.postgres.cluster import Cluster
from tests.region.fakes import HostNetwork

pytestmark = pytest.mark.region


@pytest.fixture
def real(plane, stage_of):
    loop = ControllerLoop(
        plane, [DatabasesController(plane, partial(Cluster, network=HostNetwork()))], tick=0.2
    )
    loop.start()
    yield stage_of()
    loop.stop()
    children = psutil.Process().children(recursive=True)
    assert [process for process in children if process.name() == "postgres"] == []


def test_a_database_accepts_the_managed_password(real):
    rds = real.aws.rds
    rds.create_db_subnet_group(
        DBSubnetGroupName="private", DBSubnetGroupDescription="x", SubnetIds=real.subnets
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="forced", DBParameterGroupFamily="postgres18", Description="x"
    )
    rds.modify_db_parameter_group(
        DBParameterGroupName="forced",
        Parameters=[
            {"ParameterName": "work_mem", "ParameterValue": "2048", "ApplyMethod": "immediate"}
        ],
    )
    rds.create_db_instance(
        DBInstanceIdentifier="notes",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="18",
        AllocatedStorage=20,
        DBName="music",
        MasterUsername="keeper",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="private",
        DBParameterGroupName="forced",
    )

    def database():
        return rds.describe_db_instances(DBInstanceIdentifier="notes")["DBInstances"][0]

    real.until(lambda: database()["DBInstanceStatus"] == "available", 60)
    found = database()
    secret = json.loads(
        real.aws.secretsmanager.get_secret_value(SecretId=found["MasterUserSecret"]["SecretArn"])[
            "SecretString"
        ]
    )
    with psycopg.connect(
        host=loopback_of(found["Endpoint"]["Address"]),
        port=found["Endpoint"]["Port"],
        user=secret["username"],
        password=secret["password"],
        dbname="music",
        sslmode="require",
    ) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("2MB",)
    rds.delete_db_instance(DBInstanceIdentifier="notes", SkipFinalSnapshot=True)
    real.until(lambda: rds.describe_db_instances()["DBInstances"] == [])
