"""RDS as AWS answers it: DB instances take their time, and their endpoint is a real one.

Calls validate and record; `region.services.rds.controller` creates, starts, stops and removes the
PostgreSQL cluster and sets the states that AWS documents.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds.exceptions import InvalidParameterCombination, RDSClientError
from moto.rds.models import DBInstance, EventSubscription, RDSBackend
from moto.rds.responses import RDSResponse
from moto.sns.models import sns_backends

from region.api.patching import Original, Patches
from region.services.ec2 import placement
from region.services.rds import (
    events,
    group_patches,
    input_checks,
    instances,
    log_patches,
    master_secret,
    modifications,
    modify_patches,
    offer_patches,
    parameters,
    refusals,
    snapshot_patches,
    subscription_checks,
    version_patches,
)
from region.services.rds.records import DatabaseRecord, DeletionOptions, InstanceStatus
from region.services.rds.validation import (
    LICENSE,
    check_family,
    check_final_snapshot,
    check_new_instance,
    check_retention,
    check_zones,
    default_subnet_group,
    first_subnet,
    is_public,
    major,
    resolve_version,
    security_groups,
)

RESOURCE_ID_LENGTH = 26
RESOURCE_ID_ALPHABET = string.ascii_uppercase + string.digits

DEFAULT_STORAGE = "gp3"
"""API reference, CreateDBInstance; moto's is an older one."""

patches = Patches()


def install() -> None:
    """Patch moto's RDS."""
    for module in (
        refusals,
        group_patches,
        master_secret,
        modify_patches,
        snapshot_patches,
        log_patches,
        offer_patches,
        version_patches,
    ):
        module.patches.install()
    patches.install()


# The instance --------------------------------------------------------------------------------


@patches.around(DBInstance, "__init__")
def _new_instance(moto: Original, database: DBInstance, *args: object, **kwargs: object) -> None:
    moto(database, *args, **kwargs)
    database.status = "creating"
    code = "".join(secrets.choice(RESOURCE_ID_ALPHABET) for _ in range(RESOURCE_ID_LENGTH))
    database.dbi_resource_id = f"db-{code}"
    DatabaseRecord().attach(database)


@patches.method(DBInstance)
def add_event(_database: DBInstance, _event_type: str) -> None:
    """Leave events to the controller, which writes one when what it says has happened."""


@patches.method(DBInstance)
def save_automated_backup(_database: DBInstance) -> None:
    """Leave backups to the controller: when moto calls this there is no database yet."""


@patches.value(DBInstance, "address")
def _address(database: DBInstance) -> str | None:
    """Return the address of the endpoint."""
    return DatabaseRecord.of(database).address or None


@patches.value(DBInstance, "endpoint")
def _endpoint(database: DBInstance) -> dict[str, str | int | None] | None:
    """Return the endpoint. RDS shows none while the instance is being created."""
    record = DatabaseRecord.of(database)
    return {"Address": record.address, "Port": database.port} if record.listening else None


@patches.value(DBInstance, "status_infos")
def _status_infos(database: DBInstance) -> list[dict[str, str | bool]]:
    """Return why an instance failed."""
    message = DatabaseRecord.of(database).failure
    if not message:
        return []
    return [{"StatusType": "database", "Normal": False, "Status": "failed", "Message": message}]


@patches.value(DBInstance, "secondary_availability_zone")
def _secondary_availability_zone(database: DBInstance) -> str | None:
    return DatabaseRecord.of(database).second_zone or None


@patches.value(DBInstance, "pending_modified_values")
def _pending_modified_values(database: DBInstance) -> dict[str, Any]:
    record = DatabaseRecord.of(database)
    return modifications.shown({**record.pending, **record.applying})


@patches.value(DBInstance, "db_parameter_group_status_list")
def _db_parameter_group_status_list(database: DBInstance) -> list[dict[str, str]]:
    group = parameters.group_of(database)
    return [
        {
            "DBParameterGroupName": str(group.name),
            "ParameterApplyStatus": parameters.status_of(database),
        }
    ]


@patches.method(DBInstance)
def default_db_parameter_group_details(database: DBInstance) -> tuple[str, str]:
    """Return family and name of the default parameter group; moto's depends on the minor too."""
    family = f"{database.engine.lower()}{major(database.engine_version)}"
    return family, f"default.{family}"


@patches.around(RDSBackend, "add_tags_to_resource")
def _add_tags(
    moto: Original, backend: RDSBackend, arn: str, tags: list[dict[str, str]]
) -> list[dict[str, str]]:
    input_checks.check_tags(tags)
    return moto(backend, arn, tags)


# Calls ---------------------------------------------------------------------------------------


@patches.around(RDSBackend, "create_db_instance")
def create_db_instance(moto: Original, backend: RDSBackend, settings: dict[str, Any]) -> DBInstance:
    """CreateDBInstance: in the first subnet of its group, unless RDS would reject it."""
    check_new_instance(settings)
    input_checks.check(backend, settings)
    settings["storage_type"] = settings.get("storage_type") or DEFAULT_STORAGE
    settings["engine_version"] = resolve_version(settings.get("engine_version"))
    check_family(backend, settings.get("db_parameter_group_name"), settings["engine_version"])
    check_retention(settings.get("backup_retention_period"))
    zone = settings.get("availability_zone")
    if not settings.get("db_subnet_group_name"):
        settings["db_subnet_group_name"] = default_subnet_group(backend)
    subnet = first_subnet(backend, settings.get("db_subnet_group_name"), zone)
    check_zones(backend, settings)
    groups = settings.get("vpc_security_group_ids") or ()
    settings["vpc_security_group_ids"] = security_groups(backend, groups, str(subnet.vpc_id))
    if settings.get("publicly_accessible") is None:
        settings["publicly_accessible"] = is_public(subnet)
    database: DBInstance = moto(backend, settings)
    record = DatabaseRecord.of(database)
    try:
        record.address = placement.claim(subnet, database.db_instance_arn)
    except placement.PlacementError as error:
        del backend.databases[database.db_instance_identifier]
        raise RDSClientError("InvalidSubnet", str(error)) from error
    record.subnet = subnet
    database.availability_zone = zone or subnet.availability_zone
    database.license_model = LICENSE
    if database.multi_az:
        record.second_zone = instances.second_zone(database)
    return database


@patches.method(RDSBackend)
def delete_db_instance(
    backend: RDSBackend,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,  # moto's signature
    delete_automated_backups: bool | None = True,
) -> DBInstance:
    """DeleteDBInstance: begin it; `instances.finish_deletion` ends it with moto's own method."""
    database = _instance(backend, db_instance_identifier)
    if database.status == "deleting":
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Instance {db_instance_identifier} is already being deleted.",
        )
    if database.deletion_protection:
        raise InvalidParameterCombination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again."
        )
    check_final_snapshot(backend, final_db_snapshot_identifier, skip=bool(skip_final_snapshot))
    record = DatabaseRecord.of(database)
    record.deletion = DeletionOptions(
        final_db_snapshot_identifier=final_db_snapshot_identifier,
        skip_final_snapshot=bool(skip_final_snapshot),
        delete_automated_backups=bool(delete_automated_backups),
    )
    if final_db_snapshot_identifier and not skip_final_snapshot:
        snapshot_patches.begin(backend, database, final_db_snapshot_identifier)
    database.status = "deleting"
    return database


def _transition(
    call: str, needed: InstanceStatus, state: InstanceStatus
) -> Callable[..., DBInstance]:
    def change(moto: Original, backend: RDSBackend, identifier: str, *args: Any) -> DBInstance:
        database = _instance(backend, identifier)
        _require(database, needed)
        moto(backend, identifier, *args)
        database.status = state
        return database

    return patches.around(RDSBackend, call)(change)


stop_db_instance = _transition("stop_db_instance", "available", "stopping")
start_db_instance = _transition("start_db_instance", "stopped", "starting")


@patches.method(RDSResponse)
def reboot_db_instance(self: RDSResponse) -> ActionResult:
    """RebootDBInstance, with a failover to the standby where that is asked for."""
    identifier = str(self.params.get("DBInstanceIdentifier"))
    database = _instance(self.backend, identifier)
    _require(database, "available")
    failover = bool(self.params.get("ForceFailover"))
    if failover and not database.multi_az:
        raise InvalidParameterCombination(
            f"Cannot force a failover of {identifier}: it has no standby. Modify it to be Multi-AZ, or "
            "leave out ForceFailover."
        )
    record = DatabaseRecord.of(database)
    record.failing_over = failover
    database.status = "rebooting"
    return ActionResult({"DBInstance": database})


@patches.method(RDSBackend)
def describe_events(backend: RDSBackend, **given: Any) -> list[events.Event]:
    """DescribeEvents: those of the last hour unless a time is given, which moto ignores."""
    return events.select(backend.events, given, utcnow())  # type: ignore[arg-type]


@patches.around(RDSBackend, "describe_blue_green_deployments")
def describe_blue_green_deployments(moto: Original, backend: RDSBackend, **given: Any) -> object:
    """DescribeBlueGreenDeployments: moto fails at a page, which is cut of the whole."""
    return moto(backend, **{key: given[key] for key in given.keys() - {"marker", "max_records"}})


@patches.around(RDSBackend, "create_event_subscription")
def create_event_subscription(
    moto: Original, backend: RDSBackend, settings: dict[str, Any]
) -> EventSubscription:
    """CreateEventSubscription: enabled unless it says otherwise."""
    topics = sns_backends[backend.account_id][backend.region_name].topics
    if settings.get("sns_topic_arn") not in topics:
        message = f"SNS topic ARN {settings.get('sns_topic_arn')} does not exist."
        raise RDSClientError("SNSTopicArnNotFound", message)
    subscription_checks.check(backend, settings)
    if settings.get("enabled") is None:
        settings["enabled"] = True
    return moto(backend, settings)


def _require(database: DBInstance, needed: InstanceStatus) -> None:
    if database.status != needed:
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Instance {database.db_instance_identifier} is not in {needed} state.",
        )


def _instance(backend: RDSBackend, identifier: str) -> DBInstance:
    return backend.describe_db_instances(identifier)[0]
