"""What Amazon RDS refuses about databases."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.data_stores import engine_name
from guardrails.refusals import (
    JointRefusal,
    Refusal,
    among,
    between,
    joint_refusal_rule,
    known,
    matching,
    refusal_rule,
)
from guardrails.refused import cache_refusals, database_settings, machine_refusals, store_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, is_true, number, show

_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_CREATE = f"{_API}API_CreateDBInstance.html"
_STORAGE = f"{_GUIDE}CHAP_Storage.html"
_DATABASES = tokens.DATABASE
_CLUSTERS = tokens.DATABASE_CLUSTER
_ALL = (*_DATABASES, *_CLUSTERS)

_RESERVED = {
    "postgres": ("admin", "rdsadmin", "rds_superuser", "user", "public"),
    "mysql": ("rdsadmin", "mysql.sys", "mysql.session"),
    "mariadb": ("rdsadmin", "mysql.sys", "mysql.session"),
}

_BASELINE_GIBIBYTES = 400
"""Below it, gp3 has its baseline of IOPS and throughput only (MariaDB, MySQL, PostgreSQL)."""


def _storage(database: Resource) -> Iterator[str]:
    kind, size = database.get("storageType"), number(database.get("allocatedStorage"))
    iops, throughput = database.get("iops"), database.get("storageThroughput")
    if kind in ("io1", "io2") and iops is None:
        yield f"storage_type is {show(kind)}, iops is not set"
    if kind in ("gp2", "standard") and number(iops):
        yield f"storage_type is {show(kind)}, iops {number(iops):g}"
    if kind in ("gp2", "io1", "standard") and number(throughput):
        yield f"storage_type is {show(kind)}, storage_throughput {number(throughput):g}"
    small = size is not None and size < _BASELINE_GIBIBYTES and engine_name(database) in _RESERVED
    if kind == "gp3" and small and (number(iops) or number(throughput)):
        yield f"storage_type is gp3 of {size:g} GiB, and iops or storage_throughput is set"


def _smallest(database: Resource) -> str | None:
    size, kind = number(database.get("allocatedStorage")), database.get("storageType")
    smallest = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100}.get(str(kind))
    if (
        size is None
        or smallest is None
        or engine_name(database) not in _RESERVED
        or size >= smallest
    ):
        return None
    return f"allocated_storage is {size:g} GiB of {kind}, {smallest} at least"


def _autoscaling(database: Resource) -> str | None:
    size, limit = (
        number(database.get("allocatedStorage")),
        number(database.get("maxAllocatedStorage")),
    )
    if size is None or not limit or limit > size:
        return None
    return f"max_allocated_storage is {limit:g} GiB, allocated_storage {size:g} GiB"


def _zone_chosen(database: Resource) -> str | None:
    if is_true(database.get("multiAz")) and known(database.get("availabilityZone")):
        return f"multi_az is true, availability_zone {show(database.get('availabilityZone'))}"
    return None


def _two_passwords(database: Resource) -> str | None:
    # A password that the program holds is reported by rds-managed-master-password.
    if is_true(database.get("manageMasterUserPassword")) and not is_absent(
        database.get("masterUserSecretKmsKeyId")
    ):
        return None
    if known(database.get("masterUserSecretKmsKeyId")):
        return "master_user_secret_kms_key_id is set, manage_master_user_password is not"
    return None


def _monitoring(database: Resource) -> str | None:
    seconds = number(database.get("monitoringInterval"))
    if seconds and is_absent(database.get("monitoringRoleArn")):
        return f"monitoring_interval is {seconds:g} s, monitoring_role_arn is not set"
    return None


def _reserved(database: Resource) -> str | None:
    prop = "username" if database.type in _DATABASES else "masterUsername"
    name, engine = database.get(prop), engine_name(database).removeprefix("aurora-")
    names = _RESERVED.get("postgres" if engine == "postgresql" else engine, ())
    if isinstance(name, str) and name.lower() in names:
        return f"the master user of {engine_name(database)} is {show(name)}"
    return None


def _cluster_engine(database: Resource) -> str | None:
    if engine_name(database).startswith("aurora"):
        return f"engine is {show(engine_name(database))}"
    return None


def _key_without_encryption(database: Resource) -> str | None:
    off = database.get("storageEncrypted") in (None, False, "false")
    if known(database.get("kmsKeyId")) and off and is_absent(database.get("replicateSourceDb")):
        return f"kms_key_id is set, storage_encrypted is {show(database.get('storageEncrypted'))}"
    return None


def _capacity(cluster: Resource) -> Iterator[str]:
    scaling = cluster.get("serverlessv2ScalingConfiguration")
    low, high = number(dig(scaling, "minCapacity")), number(dig(scaling, "maxCapacity"))
    if low is not None and high is not None and low > high:
        yield f"serverlessv2 min_capacity is {low:g}, max_capacity {high:g}"
    for name, value, least in (("min_capacity", low, 0), ("max_capacity", high, 1)):
        if value is not None and not least <= value <= 256:
            yield f"serverlessv2 {name} is {value:g}"


_INTERVALS = (0, 1, 5, 10, 15, 30, 60)
_IDENTIFIER = r"[A-Za-z](?!.*--)[A-Za-z0-9-]*(?<!-)"

_TABLE = (
    Refusal(
        types=_DATABASES,
        says=(
            "InvalidParameterCombination: You can't specify IOPS or storage throughput for this "
            "type and size."
        ),
        source=_STORAGE,
        remedy=(
            "leave iops and storage_throughput out for gp2, and for gp3 below 400 GiB; set iops "
            "for io1 and io2."
        ),
        find=_storage,
    ),
    Refusal(
        types=_DATABASES,
        says="Storage is at least 20 GiB of gp2 or gp3, 100 GiB of io1 or io2.",
        source=_STORAGE,
        remedy="set allocated_storage to the smallest size of its type or more.",
        find=_smallest,
    ),
    Refusal(
        types=_DATABASES,
        says="InvalidParameterCombination: Max storage size must be greater than storage size.",
        source=f"{_GUIDE}USER_PIOPS.Autoscaling.html",
        remedy="set max_allocated_storage to at least 1.26 times allocated_storage.",
        find=_autoscaling,
    ),
    Refusal(
        types=_DATABASES,
        says=(
            "InvalidParameterCombination: Requesting a specific availability zone is not valid for "
            "Multi-AZ instances."
        ),
        source=_CREATE,
        remedy="remove availability_zone: RDS chooses two zones of the subnet group.",
        find=_zone_chosen,
    ),
    Refusal(
        types=_DATABASES,
        says="BackupRetentionPeriod: a value from 0 to 35.",
        source=_CREATE,
        remedy="set backup_retention_period to 7 to 35 days.",
        find=between("backupRetentionPeriod", 0, 35),
    ),
    Refusal(
        types=_CLUSTERS,
        says="BackupRetentionPeriod of a cluster: a value from 1 to 35.",
        source=f"{_API}API_CreateDBCluster.html",
        remedy="set backup_retention_period to 7 to 35 days.",
        find=between("backupRetentionPeriod", 1, 35),
    ),
    Refusal(
        types=_ALL,
        says="MasterUserSecretKmsKeyId is valid only if RDS manages the master password.",
        source=_CREATE,
        remedy="set manage_master_user_password to true.",
        find=_two_passwords,
    ),
    Refusal(
        types=_DATABASES,
        says=(
            "InvalidParameterCombination: A MonitoringRoleARN value is required if you specify a "
            "MonitoringInterval value other than 0."
        ),
        source=_CREATE,
        remedy="set monitoring_role_arn to a role with AmazonRDSEnhancedMonitoringRole.",
        find=_monitoring,
    ),
    Refusal(
        types=_DATABASES,
        says="MonitoringInterval: 0, 1, 5, 10, 15, 30, 60.",
        source=_CREATE,
        remedy="set monitoring_interval to 60.",
        find=among("monitoringInterval", *_INTERVALS),
    ),
    Refusal(
        types=_ALL,
        says="InvalidParameterValue: the master user name is a reserved word used by the engine.",
        source=_CREATE,
        remedy='set username (master_username of a cluster) to another name, such as "app_admin".',
        find=_reserved,
    ),
    Refusal(
        types=_DATABASES,
        says="Aurora instances belong to a DB cluster.",
        source=_CREATE,
        remedy="create an aws.rds.Cluster and aws.rds.ClusterInstance resources.",
        find=_cluster_engine,
    ),
    Refusal(
        types=_DATABASES,
        says="A KMS key is for an encrypted database.",
        source=_CREATE,
        remedy="set storage_encrypted to true.",
        find=_key_without_encryption,
    ),
    Refusal(
        types=_CLUSTERS,
        says="Serverless v2: 0 to 256 Aurora capacity units, the minimum not above the maximum.",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html",
        remedy="set min_capacity to at most max_capacity.",
        find=_capacity,
    ),
    Refusal(
        types=_DATABASES,
        says=(
            "DBInstanceIdentifier: 1 to 63 letters, numbers, or hyphens; first character a letter; "
            "no hyphen at the end, no two consecutive hyphens."
        ),
        source=_CREATE,
        remedy="rename the database, or leave the identifier to Pulumi.",
        find=matching("identifier", _IDENTIFIER, 63),
    ),
    Refusal(
        types=_DATABASES,
        says="DBInstanceClass begins with db.",
        source=_CREATE,
        remedy='set instance_class to a DB instance class, for example "db.t4g.micro".',
        find=matching("instanceClass", r"db\..+"),
    ),
    *machine_refusals.DATABASES,
    Refusal(
        types=_ALL,
        says="Port: valid values 1150 to 65535.",
        source=_CREATE,
        remedy="remove port: the engine has a default.",
        find=between("port", 1150, 65535),
    ),
)

DATABASE = refusal_rule(
    (*_TABLE, *database_settings.TABLE),
    id="rds-accepted",
    title="Amazon RDS accepts every database",
    url=_CREATE,
    remedy="correct the database as the message says.",
)


# --- databases and what they use ------------------------------------------------------------------


def _covers_one_zone(stack: Stack, group: Resource) -> str | None:
    found = stack.references(group, "subnetIds", tokens.SUBNET, ("id",))
    zones = [subnet.get("availabilityZone") for subnet in found.resources]
    if not found.complete or not zones or not all(isinstance(zone, str) for zone in zones):
        return None
    named = sorted(set(zones))
    return f"its subnets are all in {named[0]}" if len(named) == 1 else None


def _family(stack: Stack, database: Resource) -> str | None:
    found = stack.references(database, "parameterGroupName", tokens.PARAMETER_GROUP, ("name", "id"))
    engine, version = engine_name(database), database.get("engineVersion")
    if len(found.resources) != 1 or engine not in _RESERVED or not isinstance(version, str):
        return None
    parts = version.split(".")
    major = parts[0] if engine == "postgres" else ".".join(parts[:2])
    family = found.resources[0].get("family")
    if not isinstance(family, str) or (engine != "postgres" and len(parts) < 2):
        return None
    if family == f"{engine}{major}":
        return None
    return (
        f'engine is {engine} {version}, the family of parameter group "{found.resources[0].name}" '
        f"{show(family)}"
    )


def _serverless(stack: Stack, instance: Resource) -> str | None:
    if instance.get("instanceClass") != "db.serverless":
        return None
    found = stack.references(instance, "clusterIdentifier", _CLUSTERS, ("clusterIdentifier", "id"))
    for cluster in found.resources:
        scaling = cluster.get("serverlessv2ScalingConfiguration")
        if is_absent(scaling):
            return f'cluster "{cluster.name}" has no serverlessv2_scaling_configuration'
    return None


def _replica(stack: Stack, database: Resource) -> str | None:
    found = stack.references(database, "replicateSourceDb", _DATABASES, ("identifier", "arn", "id"))
    for source in found.resources:
        # Of a source that is not a replica itself, rds-backups reports it.
        days = number(source.get("backupRetentionPeriod"))
        if days == 0 and not is_absent(source.get("replicateSourceDb")):
            return f'source "{source.name}" has a backup_retention_period of 0'
    return None


_JOINT_TABLE = (
    JointRefusal(
        types=tokens.SUBNET_GROUP,
        says=(
            "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone "
            "(AZ) coverage requirement. Add subnets to cover at least 2 AZs."
        ),
        source=f"{_API}API_CreateDBSubnetGroup.html",
        remedy="set subnet_ids of the subnet group to subnets in two Availability Zones or more.",
        find=_covers_one_zone,
    ),
    JointRefusal(
        types=_DATABASES,
        says=(
            "InvalidParameterCombination: The parameter group with this DBParameterGroupFamily can't "
            "be used for this instance."
        ),
        source=_CREATE,
        remedy="set the parameter group's family to engine and major version of the database.",
        find=_family,
    ),
    JointRefusal(
        types=tokens.CLUSTER_INSTANCE,
        says=(
            "InvalidParameterValue: Set the Serverless v2 scaling configuration on the parent DB "
            "cluster before creating a Serverless v2 DB instance."
        ),
        source=f"{_API}API_CreateDBCluster.html",
        remedy="set the cluster's serverlessv2_scaling_configuration.",
        find=_serverless,
    ),
    JointRefusal(
        types=_DATABASES,
        says=(
            "InvalidDBInstanceState: Automated backups are not enabled for this database instance; "
            "a source of replicas needs them."
        ),
        source=f"{_GUIDE}USER_ReadRepl.Create.html",
        remedy="set backup_retention_period of the source to 7 days or more.",
        find=_replica,
    ),
)

PARTS = joint_refusal_rule(
    (*_JOINT_TABLE, *store_refusals.TABLE, *cache_refusals.TABLE),
    id="rds-parts-accepted",
    title="Amazon RDS accepts the subnets, parameters, cluster, key and proxy of every database",
    url=f"{_API}API_CreateDBSubnetGroup.html",
    remedy="correct the subnet group, parameter group or cluster as the message says.",
)

RULES = (DATABASE, PARTS)
