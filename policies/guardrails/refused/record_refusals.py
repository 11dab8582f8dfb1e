"""What AWS refuses about tables, log groups, keys and secrets."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.keys import KEYS, admitted_by
from guardrails.refusals import JointRefusal, alone, among, between, matching
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_DYNAMO = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"

# --- tables ---------------------------------------------------------------------------------------


def _keys(table: Resource) -> Iterator[str]:
    """Yield the keys that are not declared, and the attributes that are not keys."""
    declared = [dig(one, "name") for one in items(table.get("attributes"))]
    indexes = [
        *items(table.get("globalSecondaryIndexes")),
        *items(table.get("localSecondaryIndexes")),
    ]
    if UNKNOWN in (*declared, *indexes) or table.get("attributes") is UNKNOWN:
        return
    if not is_absent(table.get("restoreSourceName")) or not is_absent(table.get("importTable")):
        return
    used = [table.get("hashKey"), table.get("rangeKey")]
    for index in indexes:
        used += [dig(index, "hashKey"), dig(index, "rangeKey")]
        used += [dig(one, "attributeName") for one in items(dig(index, "keySchemas"))]
    named = [one for one in used if not is_absent(one)]
    if UNKNOWN in named:
        return
    for name in dict.fromkeys(one for one in named if one not in declared):
        yield f"attributes does not declare key {show(name)}"
    for name in (one for one in declared if one not in named):
        yield f"attributes declares {show(name)}, which is not a key of the table or of an index"


def _capacity(table: Resource) -> str | None:
    mode = table.get("billingMode")
    capacities = ("readCapacity", "writeCapacity")
    given = [table.get(one) for one in capacities]
    if mode in (None, "", "PROVISIONED") and any(map(table.left_out, capacities)):
        return f"billing_mode is {show(mode or 'PROVISIONED')}, read_capacity or write_capacity not set"
    if mode == "PAY_PER_REQUEST" and any((number(one) or 0) > 0 for one in given):
        return "billing_mode is PAY_PER_REQUEST, read_capacity or write_capacity is set"
    return None


# --- logs -----------------------------------------------------------------------------------------

_RETENTIONS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip


def _retention(group: Resource) -> str | None:
    days = number(group.get("retentionInDays"))
    if days is None or days in _RETENTIONS:
        return None
    return f"retention_in_days is {days:g}"


# --- file systems ---------------------------------------------------------------------------------


def _throughput(files: Resource) -> str | None:
    mode, given = files.get("throughputMode"), files.get("provisionedThroughputInMibps")
    if mode == "provisioned" and is_absent(given):
        return 'throughput_mode is "provisioned", provisioned_throughput_in_mibps is not set'
    if mode in ("bursting", "elastic") and (number(given) or 0) > 0:
        return f"throughput_mode is {show(mode)}, provisioned_throughput_in_mibps is set"
    return None


# --- keys of log groups -----------------------------------------------------------------------------


def _closed_key(stack: Stack, group: Resource) -> Iterator[str]:
    """Find a key of this stack whose policy does not admit CloudWatch Logs."""
    if group.left_out("kmsKeyId"):
        return
    for key in stack.references(group, "kmsKeyId", tokens.KMS_KEY, KEYS).resources:
        if not admitted_by(stack, key, _means_logs):
            yield f'the policy of KMS key "{key.name}" does not admit logs.<region>.amazonaws.com'


def _means_logs(principal: str) -> bool:
    return principal.startswith("logs.") and ".amazonaws." in principal


TABLE = (
    JointRefusal(
        types=tokens.TABLE,
        says=(
            "ValidationException: AttributeDefinitions hold exactly the attributes that are keys of "
            "the table or of its indexes."
        ),
        source=_DYNAMO,
        remedy="declare in attributes the keys of the table and of its indexes, and nothing else.",
        find=alone(_keys),
    ),
    JointRefusal(
        types=tokens.TABLE,
        says="ValidationException: AttributeType is S, N or B.",
        source=_DYNAMO,
        remedy='set type of the attribute to "S", "N" or "B".',
        find=alone(among("attributes.*.type", "S", "N", "B")),
    ),
    JointRefusal(
        types=tokens.TABLE,
        says="ValidationException: capacity units go with the billing mode PROVISIONED, and only with it.",
        source=_DYNAMO,
        remedy='set billing_mode to "PAY_PER_REQUEST" without capacities, or set both capacities.',
        find=alone(_capacity),
    ),
    JointRefusal(
        types=tokens.LOG_GROUP,
        says=f"RetentionInDays: {', '.join(str(one) for one in _RETENTIONS[1:])}.",
        source=f"{_LOGS}API_PutRetentionPolicy.html",
        remedy="set retention_in_days to one of these values, for example 14.",
        find=alone(_retention),
    ),
    JointRefusal(
        types=tokens.LOG_GROUP,
        says="LogGroupName: 1 to 512 letters, digits and _ - / . # characters.",
        source=f"{_LOGS}API_CreateLogGroup.html",
        remedy="rename the log group.",
        find=alone(matching("name", r"[.\-_/#A-Za-z0-9]+", 512)),
    ),
    JointRefusal(
        types=tokens.KMS_ALIAS,
        says="ValidationException: an alias begins with alias/, and alias/aws/ is reserved.",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
        remedy="set name to alias/ and a name of your own.",
        find=alone(matching("name", r"alias/(?!aws/)[A-Za-z0-9:/_-]+", 256)),
    ),
    JointRefusal(
        types=tokens.KMS_KEY,
        says="PendingWindowInDays: 7 to 30.",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
        remedy="set deletion_window_in_days to 7 to 30.",
        find=alone(between("deletionWindowInDays", 7, 30)),
    ),
    JointRefusal(
        types=tokens.SECRET,
        says="ValidationException: Invalid name: a secret's has letters, digits and /_+=.@- characters.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
        remedy='set name to a text such as "shop/database".',
        find=alone(matching("name", r"[A-Za-z0-9/_+=.@-]+", 512)),
    ),
    JointRefusal(
        types=tokens.SECRET,
        says="RecoveryWindowInDays: 7 to 30; 0 deletes at once.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html",
        remedy="set recovery_window_in_days to 7 to 30.",
        find=alone(between("recoveryWindowInDays", 7, 30, 0)),
    ),
    JointRefusal(
        types=tokens.FILE_SYSTEM,
        says="BadRequest: a provisioned throughput goes with the mode provisioned, and only with it.",
        source="https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html",
        remedy='set throughput_mode to "elastic", or provisioned_throughput_in_mibps beside "provisioned".',
        find=alone(_throughput),
    ),
    JointRefusal(
        types=tokens.LOG_GROUP,
        says=(
            "InvalidParameterException: the specified KMS key does not exist or is not allowed to be used "
            "with the log group."
        ),
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
        remedy=(
            "let the policy of the key allow kms:Encrypt*, kms:Decrypt*, kms:ReEncrypt*, "
            "kms:GenerateDataKey* and kms:Describe* to logs.<region>.amazonaws.com, or remove kms_key_id "
            "of the log group."
        ),
        find=_closed_key,
    ),
)
