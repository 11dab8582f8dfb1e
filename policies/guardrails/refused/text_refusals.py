"""What AWS refuses about names, texts and single settings, by family of resources."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import JointRefusal, Refusal, alone, among, between, matching
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_IAM = "https://docs.aws.amazon.com/IAM/latest/"
_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"
_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
_ROUTE_53 = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html"
_HOOK = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html"

# --- IAM ------------------------------------------------------------------------------------------

_POLICIES = (*tokens.ROLE_POLICY, *tokens.MANAGED_POLICY)
_LONGEST_POLICY = 6144


def _no_json(policy: Resource) -> str | None:
    given = policy.get("policy")
    if not isinstance(given, str) or not given:
        return None
    try:
        json.loads(given)
    except ValueError:
        return f"its policy begins with {show(given[:20])} and is not JSON"
    return None


def _too_long(policy: Resource) -> str | None:
    given = policy.get("policy")
    length = len(re.sub(r"\s", "", given)) if isinstance(given, str) else 0
    return f"its policy has {length} characters" if length > _LONGEST_POLICY else None


IDENTITIES = (
    Refusal(
        types=_POLICIES,
        says="MalformedPolicyDocument: The policy is not in the valid JSON format.",
        source=f"{_IAM}APIReference/API_PutRolePolicy.html",
        remedy="write policy with json.dumps.",
        find=_no_json,
    ),
    Refusal(
        types=tokens.MANAGED_POLICY,
        says="LimitExceeded: a managed policy has at most 6144 characters without white space.",
        source=f"{_IAM}UserGuide/reference_iam-quotas.html",
        remedy="split policy, or name resources by a pattern.",
        find=_too_long,
    ),
    Refusal(
        types=tokens.ROLE,
        says="RoleName: 1 to 64 letters, digits and + = , . @ _ - characters.",
        source=f"{_IAM}APIReference/API_CreateRole.html",
        remedy="rename the role, or leave the name to Pulumi.",
        find=matching("name", r"[\w+=,.@-]+", 64),
    ),
    Refusal(
        types=(*tokens.ROLE, *tokens.MANAGED_POLICY, *tokens.INSTANCE_PROFILE),
        says="Path: begins and ends with a slash.",
        source=f"{_IAM}APIReference/API_CreateRole.html",
        remedy='set path to "/", or to a text between slashes.',
        find=matching("path", r"/|/.+/", 512),
    ),
)

# --- alarms ---------------------------------------------------------------------------------------

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_EXTENDED = r"(?:p|tm|tc|ts|wm)\d{1,3}(?:\.\d+)?|IQM|(?:PR|TC|TM|TS|WM)\(.*\)"


ALARMS = (
    Refusal(
        types=tokens.METRIC_ALARM,
        says="Statistic: SampleCount, Average, Sum, Minimum, Maximum.",
        source=_ALARM,
        remedy="set statistic to one of them, or extended_statistic to a percentile such as p99.",
        find=among("statistic", *_STATISTICS),
    ),
    Refusal(
        types=tokens.METRIC_ALARM,
        says="ExtendedStatistic: a percentile between p0.0 and p100, a trimmed mean, or the like.",
        source=_ALARM,
        remedy='set extended_statistic to a percentile such as "p99".',
        find=matching("extendedStatistic", _EXTENDED),
    ),
    Refusal(
        types=tokens.METRIC_ALARM,
        says="AlarmName: 1 to 255 characters.",
        source=_ALARM,
        remedy="shorten the name of the alarm.",
        find=matching("name", r"(?s).+", 255),
    ),
)

# --- databases ------------------------------------------------------------------------------------

_ENGINES = (
    "postgres", "mysql", "mariadb", "aurora-mysql", "aurora-postgresql", "oracle-ee",
    "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb", "sqlserver-ee", "sqlserver-se", "sqlserver-ex",
    "sqlserver-web", "sqlserver-dev-ee", "db2-ae", "db2-se", "custom-oracle-ee",
    "custom-oracle-ee-cdb", "custom-oracle-se2", "custom-oracle-se2-cdb", "custom-sqlserver-ee",
    "custom-sqlserver-se", "custom-sqlserver-web", "custom-sqlserver-dev",
)  # fmt: skip
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DAY = "(?i:mon|tue|wed|thu|fri|sat|sun)"

DATABASES = (
    Refusal(
        types=tokens.DATABASE,
        says="InvalidParameterValue: Invalid DB engine.",
        source=_RDS,
        remedy='set engine to a name that RDS has, for example "postgres".',
        find=among("engine", *_ENGINES),
    ),
    Refusal(
        types=tokens.DATABASE,
        says="StorageType: gp2, gp3, io1, io2, standard, aurora, aurora-iopt1.",
        source=_RDS,
        remedy='set storage_type to "gp3".',
        find=among("storageType", "gp2", "gp3", "io1", "io2", "standard", "aurora", "aurora-iopt1"),
    ),
    Refusal(
        types=(*tokens.DATABASE, *tokens.DATABASE_CLUSTER),
        says="MasterUsername: the first character is a letter.",
        source=_RDS,
        remedy="let username begin with a letter.",
        find=matching("username", r"[A-Za-z_]\w*"),
    ),
    Refusal(
        types=tokens.DATABASE,
        says="PreferredBackupWindow: in the format hh24:mi-hh24:mi.",
        source=_RDS,
        remedy='set backup_window to the form "03:00-04:00".',
        find=matching("backupWindow", rf"{_TIME}-{_TIME}"),
    ),
    Refusal(
        types=tokens.DATABASE,
        says="PreferredMaintenanceWindow: in the format ddd:hh24:mi-ddd:hh24:mi.",
        source=_RDS,
        remedy='set maintenance_window to the form "Sun:04:30-Sun:05:30".',
        find=matching("maintenanceWindow", rf"{_DAY}:{_TIME}-{_DAY}:{_TIME}"),
    ),
)

# --- security groups ------------------------------------------------------------------------------

_GROUP = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"
_PLAIN = r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*"

SECURITY_GROUPS = (
    Refusal(
        types=("aws:ec2/securityGroup:SecurityGroup",),
        says="InvalidParameterValue: the name of a group does not begin with sg-, and is not default.",
        source=_GROUP,
        remedy="rename the group, or leave the name to Pulumi.",
        find=matching("name", r"(?!sg-)(?!default$).+", 255),
    ),
    Refusal(
        types=("aws:ec2/securityGroup:SecurityGroup",),
        says="GroupDescription: up to 255 of a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*",
        source=_GROUP,
        remedy="write description in these characters.",
        find=matching("description", _PLAIN, 255),
    ),
)

# --- listeners ------------------------------------------------------------------------------------

_CONTENT = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_LONGEST_BODY = 1024


def _answers(resource: Resource) -> Iterator[str]:
    prop = "actions" if resource.type in tokens.LISTENER_RULE else "defaultActions"
    for action in items(resource.get(prop)):
        answer = dig(action, "fixedResponse")
        code, kind, body = (
            dig(answer, one) for one in ("statusCode", "contentType", "messageBody")
        )
        if isinstance(code, str) and code and not re.fullmatch(r"[245]\d\d", code):
            yield f"status_code of its fixed response is {show(code)}"
        if isinstance(kind, str) and kind and kind not in _CONTENT:
            yield f"content_type of its fixed response is {show(kind)}"
        if isinstance(body, str) and len(body) > _LONGEST_BODY:
            yield f"message_body of its fixed response has {len(body)} characters"


def _moves(resource: Resource) -> Iterator[str]:
    prop = "actions" if resource.type in tokens.LISTENER_RULE else "defaultActions"
    for action in items(resource.get(prop)):
        code = dig(action, "redirect", "statusCode")
        if isinstance(code, str) and code and code not in ("HTTP_301", "HTTP_302"):
            yield f"status_code of its redirect is {show(code)}"


LISTENERS = (
    JointRefusal(
        types=(*tokens.LISTENER, *tokens.LISTENER_RULE),
        says=(
            "FixedResponseActionConfig: StatusCode 2XX, 4XX or 5XX, ContentType text/plain, text/css, "
            "text/html, application/javascript or application/json, MessageBody up to 1024 characters."
        ),
        source=f"{_ELB}API_FixedResponseActionConfig.html",
        remedy="correct status_code, content_type or message_body of the fixed_response.",
        find=alone(_answers),
    ),
    JointRefusal(
        types=(*tokens.LISTENER, *tokens.LISTENER_RULE),
        says="RedirectActionConfig: StatusCode is HTTP_301 or HTTP_302.",
        source=f"{_ELB}API_RedirectActionConfig.html",
        remedy='set status_code of the redirect to "HTTP_301" or "HTTP_302".',
        find=alone(_moves),
    ),
)

# --- records --------------------------------------------------------------------------------------


def _record(record: Resource) -> Iterator[str]:
    kind, values = record.get("type"), items(record.get("records"))
    aliased = not is_absent(record.get("aliases"))
    if aliased and (number(record.get("ttl")) or 0) > 0:
        yield "both aliases and ttl are set"
    if not aliased and values and is_absent(record.get("ttl")):
        yield "records is set, ttl is not"
    if kind == "CNAME" and len(values) > 1:
        yield f"type is CNAME, and it has {len(values)} records"
    if kind not in ("A", "AAAA"):
        return
    for value in (one for one in values if isinstance(one, str) and one):
        try:
            ipaddress.ip_address(value)
        except ValueError:
            yield f"type is {kind}, and {show(value)} is no address"


RECORDS = (
    JointRefusal(
        types=tokens.DNS_RECORD,
        says=(
            "InvalidChangeBatch: an alias has no TTL, any other record has one; A and AAAA hold "
            "addresses, and a CNAME one name."
        ),
        source=_ROUTE_53,
        remedy="set aliases for a load balancer, or records and ttl for addresses.",
        find=alone(_record),
    ),
)

# --- fleets and networks --------------------------------------------------------------------------

FLEETS = (
    JointRefusal(
        types=tokens.LIFECYCLE_HOOK,
        says="HeartbeatTimeout: 30 to 7200 seconds.",
        source=_HOOK,
        remedy="set heartbeat_timeout to 30 to 7200.",
        find=alone(between("heartbeatTimeout", 30, 7200)),
    ),
    JointRefusal(
        types=tokens.LIFECYCLE_HOOK,
        says="LifecycleTransition: autoscaling:EC2_INSTANCE_LAUNCHING or _TERMINATING.",
        source=_HOOK,
        remedy='set lifecycle_transition to "autoscaling:EC2_INSTANCE_TERMINATING" or _LAUNCHING.',
        find=alone(
            among(
                "lifecycleTransition",
                "autoscaling:EC2_INSTANCE_LAUNCHING",
                "autoscaling:EC2_INSTANCE_TERMINATING",
            )
        ),
    ),
)


def _small(subnet: Resource) -> str | None:
    given = subnet.get("cidrBlock")
    found = re.fullmatch(r"[\d.]+/(\d+)", given) if isinstance(given, str) else None
    if found is not None and given is not UNKNOWN and not 16 <= int(found[1]) <= 28:
        return f"cidr_block is {show(given)}"
    return None


NETWORKS = (
    JointRefusal(
        types=("aws:ec2/subnet:Subnet",),
        says="InvalidSubnet.Range: the block of a subnet has a prefix of /16 to /28.",
        source="https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
        remedy="set cidr_block of the subnet to a range with a prefix of /16 to /28.",
        find=alone(_small),
    ),
    JointRefusal(
        types=("aws:ec2/subnet:Subnet",),
        says="InvalidParameterValue: the zone is invalid. It is named by its Region and a letter.",
        source="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html",
        remedy="set availability_zone to a zone, for example eu-west-1a.",
        find=alone(
            matching("availabilityZone", r"[a-z]{2,}(?:-[a-z0-9]+)*-\d[a-z]|[a-z0-9-]+-\d+[a-z]")
        ),
    ),
)
