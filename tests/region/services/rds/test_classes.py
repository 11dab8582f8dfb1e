"""The classes of RDS for PostgreSQL, and what can be ordered."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from region.services.rds.classes import CLASSES, UnknownClassError, class_of


@pytest.mark.parametrize(
    ("name", "vcpus", "gibibytes"),
    [
        ("db.t4g.micro", 2, 1),
        ("db.m7g.large", 2, 8),
        ("db.r6g.large", 2, 16),
        ("db.r7g.16xlarge", 64, 512),
    ],
)
def test_a_class_has_what_the_type_of_its_family_has(name, vcpus, gibibytes):
    found = class_of(name)
    assert (found.vcpus, found.memory_bytes) == (vcpus, gibibytes * 1024**3)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "db.t4g",
        "t4g.micro",
        "db.t4g.pico",
        "db.t4g.nano",
        "db.t9.micro",
        "db.c6g.large",
        "db.m5.metal",
    ],
)
def test_an_unknown_class_is_reported(name):
    with pytest.raises(UnknownClassError, match=r"DB instance class '.*' is not known"):
        class_of(name)


def test_what_can_be_ordered_is_told_class_by_class(aws):
    pages = aws.rds.get_paginator("describe_orderable_db_instance_options")
    found = pages.paginate(Engine="postgres", DBInstanceClass="db.t4g.micro").build_full_result()
    options = found["OrderableDBInstanceOptions"]
    assert {option["StorageType"] for option in options} == {"gp2", "gp3", "standard"}
    assert all(len(option["AvailabilityZones"]) >= 3 for option in options)
    (newest,) = aws.rds.describe_db_engine_versions(Engine="postgres", DefaultOnly=True)[
        "DBEngineVersions"
    ]
    version = newest["EngineVersion"]
    every = pages.paginate(Engine="postgres", EngineVersion=version).build_full_result()
    assert {one["DBInstanceClass"] for one in every["OrderableDBInstanceOptions"]} == set(CLASSES)
    first = aws.rds.describe_orderable_db_instance_options(Engine="postgres")
    assert len(first["OrderableDBInstanceOptions"]) == 100
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        aws.rds.describe_orderable_db_instance_options(Engine="mysql")
