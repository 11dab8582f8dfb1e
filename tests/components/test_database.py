"""The DB instance."""

from __future__ import annotations

import pytest

from components.database import DatabaseInstanceArgs


def test_a_subnet_group_without_two_zones_is_rejected():
    with pytest.raises(ValueError, match="at least 2"):
        DatabaseInstanceArgs(
            subnet_ids={},
            security_group_id="g",
            instance_class="db.t4g.micro",
            engine_version="18",
            multi_az=False,
            log_retention_days=30,
            protect=False,
            tags={},
        )


def test_the_database_is_private_encrypted_backed_up_and_tls_only(either):
    database = either.one("aws:rds/instance:Instance")
    inputs = database.inputs
    assert inputs["publiclyAccessible"] is False
    assert inputs["storageEncrypted"] is True
    assert inputs["backupRetentionPeriod"] >= 7
    assert inputs["copyTagsToSnapshot"] is True
    assert inputs["vpcSecurityGroupIds"] == ["web-security-database-id"]
    parameters = either.one("aws:rds/parameterGroup:ParameterGroup")
    assert parameters.inputs["family"] == "postgres18"
    values = {item["name"]: item["value"] for item in parameters.inputs["parameters"]}
    assert values["rds.force_ssl"] == "1"
    assert database.property_dependencies["parameterGroupName"] == (parameters.urn,)


def test_rds_generates_the_password_and_no_input_contains_one(either):
    inputs = either.one("aws:rds/instance:Instance").inputs
    assert inputs["manageMasterUserPassword"] is True
    for resource in either.resources.values():
        assert not {"password", "passwordWo", "masterPassword"} & set(resource.inputs)
    assert not [text for text in either.texts() if "PASSWORD=" in text.upper()]


def test_both_stacks_have_the_same_database(single, ha):
    def without_names(recording):
        inputs = recording.one("aws:rds/instance:Instance").inputs
        return {key: value for key, value in inputs.items() if key != "tags"}

    assert without_names(single) == without_names(ha)


def test_the_log_group_expires_and_exists_before_rds_creates_its_own(either):
    log = either.one("aws:cloudwatch/logGroup:LogGroup")
    database = either.one("aws:rds/instance:Instance")
    identifier = database.inputs["identifier"]
    assert log.inputs["name"] == f"/aws/rds/instance/{identifier}/postgresql"
    assert log.inputs["retentionInDays"] == 30
    assert log.urn in database.dependencies
    assert database.inputs["enabledCloudwatchLogsExports"] == ["postgresql"]


def test_the_database_is_fit_for_production(either):
    database = either.one("aws:rds/instance:Instance").inputs
    assert database["storageEncrypted"] is True
    assert database["manageMasterUserPassword"] is True
    assert not {"password", "passwordWo"} & set(database)
    assert database["iamDatabaseAuthenticationEnabled"] is True
    assert database["publiclyAccessible"] is False
    assert database["backupRetentionPeriod"] >= 7
    assert database["copyTagsToSnapshot"] is True
    assert database["autoMinorVersionUpgrade"] is True
    (forced,) = either.one("aws:rds/parameterGroup:ParameterGroup").inputs["parameters"]
    assert (forced["name"], forced["value"]) == ("rds.force_ssl", "1")


def test_the_standby_is_optional(build):
    assert build("ha").one("aws:rds/instance:Instance").inputs["multiAz"] is False
    standby = build("ha", databaseMultiAz="true").one("aws:rds/instance:Instance")
    assert standby.inputs["multiAz"] is True


def test_a_protected_database_leaves_a_final_snapshot_and_its_backups(build):
    database = build("ha", protect="true").one("aws:rds/instance:Instance").inputs
    assert database["finalSnapshotIdentifier"] == "web-database-final-1234567"
    assert database["deleteAutomatedBackups"] is False
