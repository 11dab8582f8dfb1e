"""What CodeDeploy's API refuses, by the names of AWS's errors; and its lists, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.region.fakes import service_role

ROLE = "arn:aws:iam::123456789012:role/codedeploy"


def s3(key: str, bucket: str = "releases") -> dict[str, object]:
    return {
        "revisionType": "S3",
        "s3Location": {"bucket": bucket, "key": key, "bundleType": "zip"},
    }


REVISION = s3("v1.zip")


@pytest.fixture
def api(aws):
    service_role(aws, "codedeploy.amazonaws.com")
    aws.codedeploy.create_application(applicationName="app", computePlatform="Server")
    return aws.codedeploy


@pytest.fixture
def group(api):
    make_group(api)
    return api


def make_group(api, name="dg", **settings):
    api.create_deployment_group(
        applicationName="app", deploymentGroupName=name, **{"serviceRoleArn": ROLE} | settings
    )


def deploy(api, **settings):
    wanted = {"applicationName": "app", "deploymentGroupName": "dg", "revision": REVISION}
    return api.create_deployment(**wanted | settings)["deploymentId"]


def refusal(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def tag(key=None, value=None, kind="KEY_AND_VALUE"):
    found = {"Key": key, "Value": value, "Type": kind}
    return {name: text for name, text in found.items() if text is not None}


IN_PLACE = {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
GROUP_REFUSALS = [
    ({"serviceRoleArn": "codedeploy"}, "InvalidRoleException"),
    ({"serviceRoleArn": f"{ROLE}-gone"}, "InvalidRoleException"),
    ({"deploymentStyle": {"deploymentType": "SIDEWAYS"}}, "InvalidDeploymentStyleException"),
    ({"deploymentStyle": {"deploymentOption": "SOME"}}, "InvalidDeploymentStyleException"),
    ({"outdatedInstancesStrategy": "LATER"}, "InvalidInputException"),
    (
        {"autoRollbackConfiguration": {"enabled": True, "events": ["BAD_MOOD"]}},
        "InvalidAutoRollbackConfigException",
    ),
    (
        {"autoRollbackConfiguration": {"enabled": True, "events": []}},
        "InvalidAutoRollbackConfigException",
    ),
    ({"ec2TagFilters": [tag("a", "b", "SOME")]}, "InvalidEC2TagException"),
    ({"ec2TagFilters": [tag(value="b")]}, "InvalidEC2TagException"),
    ({"ec2TagFilters": [tag("a", kind="VALUE_ONLY")]}, "InvalidEC2TagException"),
    (
        {"ec2TagFilters": [tag("a", "b")], "ec2TagSet": {"ec2TagSetList": [[tag("a", "b")]]}},
        "InvalidEC2TagCombinationException",
    ),
    (
        {"ec2TagSet": {"ec2TagSetList": [[tag("a", "b")]] * 4}},
        "TagSetListLimitExceededException",
    ),
    ({"onPremisesInstanceTagFilters": [tag("a", "b", "SOME")]}, "InvalidTagException"),
    (
        {
            "onPremisesInstanceTagFilters": [tag("a", "b")],
            "onPremisesTagSet": {"onPremisesTagSetList": [[tag("a", "b")]]},
        },
        "InvalidOnPremisesTagCombinationException",
    ),
    ({"ecsServices": [{"serviceName": "web"}]}, "InvalidECSServiceException"),
    (
        {
            "deploymentStyle": IN_PLACE,
            "loadBalancerInfo": {"elbInfoList": [{"name": "classic"}]},
        },
        "InvalidLoadBalancerInfoException",
    ),
    (
        {"loadBalancerInfo": {"targetGroupPairInfoList": [{"targetGroups": [{"name": "tg"}]}]}},
        "InvalidTargetGroupPairException",
    ),
    (
        {"alarmConfiguration": {"enabled": True, "alarms": [{"name": "x" * 256}]}},
        "InvalidAlarmConfigException",
    ),
]


def test_groups_are_refused_and_leave_nothing(api):
    for settings, code in GROUP_REFUSALS:
        tags = [{"Key": "a", "Value": "b"}]
        assert refusal(make_group, api=api, tags=tags, **settings) == code, settings
        assert api.list_deployment_groups(applicationName="app")["deploymentGroups"] == []


def test_changes_of_groups_are_refused_and_change_nothing(group):
    names = {"applicationName": "app", "deploymentGroupName": "dg"}
    before = group.get_deployment_group(**names)["deploymentGroupInfo"]
    for settings, code in GROUP_REFUSALS:
        if "ecsServices" not in settings:
            update = {"applicationName": "app", "currentDeploymentGroupName": "dg", **settings}
            assert refusal(group.update_deployment_group, **update) == code, settings
            assert group.get_deployment_group(**names)["deploymentGroupInfo"] == before


def test_a_tag_set_replaces_tag_filters(api):
    make_group(api, ec2TagFilters=[tag("a", "b")])
    api.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="dg",
        ec2TagSet={"ec2TagSetList": [[tag("c", "d")]]},
    )
    found = api.get_deployment_group(applicationName="app", deploymentGroupName="dg")
    assert found["deploymentGroupInfo"]["ec2TagFilters"] == []
    assert found["deploymentGroupInfo"]["ec2TagSet"] == {"ec2TagSetList": [[tag("c", "d")]]}


DEPLOYMENT_REFUSALS = [
    ({"fileExistsBehavior": "MERGE"}, "InvalidFileExistsBehaviorException"),
    ({"deploymentMode": "SLOW"}, "InvalidInputException"),
    ({"description": "x" * 257}, "DescriptionTooLongException"),
    (
        {"overrideAlarmConfiguration": {"enabled": True, "alarms": []}},
        "InvalidAlarmConfigException",
    ),
    (
        {
            "overrideAlarmConfiguration": {
                "enabled": True,
                "alarms": [{"name": f"alarm-{n}"} for n in range(11)],
            }
        },
        "AlarmsLimitExceededException",
    ),
    (
        {"autoRollbackConfiguration": {"enabled": True, "events": ["NONE"]}},
        "InvalidAutoRollbackConfigException",
    ),
    ({"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
    ({"revision": {}}, "RevisionRequiredException"),
    (
        {"revision": {"revisionType": "S3", "s3Location": {"bucket": "b"}}},
        "InvalidRevisionException",
    ),
    ({"deploymentGroupName": "none"}, "DeploymentGroupDoesNotExistException"),
    ({"applicationName": "none"}, "ApplicationDoesNotExistException"),
    (
        {"targetInstances": {"tagFilters": [tag("a", "b")]}},
        "InvalidTargetInstancesException",
    ),
]


def test_deployments_are_refused(group):
    wanted = {"applicationName": "app", "deploymentGroupName": "dg", "revision": REVISION}
    for settings, code in DEPLOYMENT_REFUSALS:
        assert refusal(group.create_deployment, **wanted | settings) == code, settings
    del wanted["deploymentGroupName"]
    code = refusal(group.create_deployment, **wanted)
    assert code == "DeploymentGroupNameRequiredException"
    assert group.list_deployments()["deployments"] == []


def test_ids_and_filters_of_deployments_are_refused(group):
    deployment = deploy(group)
    for call in (group.get_deployment, group.stop_deployment, group.list_deployment_targets):
        assert refusal(call, deploymentId="nonsense") == "InvalidDeploymentIdException"
        assert refusal(call, deploymentId="d-000000000") == "DeploymentDoesNotExistException"
    listed = group.list_deployment_targets
    for filters, code in (
        ({"TargetStatus": ["Asleep"]}, "InvalidInstanceStatusException"),
        ({"ServerInstanceLabel": ["Red"]}, "InvalidInstanceTypeException"),
        ({"ServerInstanceLabel": ["Blue"]}, "InvalidDeploymentInstanceTypeException"),
        ({"Color": ["Blue"]}, "InvalidTargetFilterNameException"),
    ):
        assert refusal(listed, deploymentId=deployment, targetFilters=filters) == code
    for arguments, code in (
        ({"instanceStatusFilter": ["Asleep"]}, "InvalidInstanceStatusException"),
        ({"instanceTypeFilter": ["Red"]}, "InvalidInstanceTypeException"),
    ):
        assert (
            refusal(group.list_deployment_instances, deploymentId=deployment, **arguments) == code
        )
    one = {"deploymentId": deployment, "instanceId": "i-none"}
    assert refusal(group.get_deployment_instance, **one) == "InstanceDoesNotExistException"
    target = {"deploymentId": deployment, "targetId": "i-none"}
    assert refusal(group.get_deployment_target, **target) == "DeploymentTargetDoesNotExistException"
    found = group.batch_get_deployment_instances(deploymentId=deployment, instanceIds=["i-none"])
    assert (found["instancesSummary"], "i-none" in found["errorMessage"]) == ([], True)


def test_batches_have_limits_and_pass_over_what_is_unknown(group):
    deployment = deploy(group)
    found = group.batch_get_deployments(deploymentIds=["d-000000000", deployment])
    assert [one["deploymentId"] for one in found["deploymentsInfo"]] == [deployment]
    many = [f"d-{number:09}" for number in range(26)]
    assert refusal(group.batch_get_deployments, deploymentIds=many) == "BatchLimitExceededException"
    targets = {"deploymentId": deployment, "targetIds": many}
    code = refusal(group.batch_get_deployment_targets, **targets)
    assert code == "DeploymentTargetListSizeExceededException"
    names = [f"dg-{number}" for number in range(101)]
    groups = {"applicationName": "app", "deploymentGroupNames": names}
    assert refusal(group.batch_get_deployment_groups, **groups) == "BatchLimitExceededException"
    code = refusal(group.batch_get_applications, applicationNames=["app", "none"])
    assert code == "ApplicationDoesNotExistException"


def test_deployments_are_listed_newest_first_by_status_and_time(group):
    first = deploy(group)
    group.stop_deployment(deploymentId=first)
    make_group(group, "other")
    second = deploy(group, deploymentGroupName="other")
    assert group.list_deployments()["deployments"] == [second, first]
    named = {"applicationName": "app", "deploymentGroupName": "dg"}
    assert group.list_deployments(**named)["deployments"] == [first]
    assert group.list_deployments(includeOnlyStatuses=["Failed"])["deployments"] == []
    now = datetime.now(UTC)
    recent = {"start": now - timedelta(hours=1), "end": now + timedelta(hours=1)}
    assert len(group.list_deployments(createTimeRange=recent)["deployments"]) == 2
    later = {"start": now + timedelta(hours=1)}
    assert group.list_deployments(createTimeRange=later)["deployments"] == []
    for arguments, code in (
        ({"applicationName": "app"}, "DeploymentGroupNameRequiredException"),
        ({"deploymentGroupName": "dg"}, "ApplicationNameRequiredException"),
        ({**named, "applicationName": "none"}, "ApplicationDoesNotExistException"),
        ({**named, "deploymentGroupName": "none"}, "DeploymentGroupDoesNotExistException"),
        ({"includeOnlyStatuses": ["Asleep"]}, "InvalidDeploymentStatusException"),
        (
            {"createTimeRange": {"start": now, "end": now - timedelta(hours=1)}},
            "InvalidTimeRangeException",
        ),
        ({"nextToken": "nonsense"}, "InvalidNextTokenException"),
    ):
        assert refusal(group.list_deployments, **arguments) == code


def test_lists_come_in_pages(api):
    for number in range(101):
        api.create_application(applicationName=f"app-{number}")
    first = api.list_applications()
    assert len(first["applications"]) == 100
    rest = api.list_applications(nextToken=first["nextToken"])
    assert len(rest["applications"]) == 2
    assert "nextToken" not in rest
    found = api.get_paginator("list_applications").paginate()
    assert len({name for page in found for name in page["applications"]}) == 102


def test_applications_and_their_groups_are_refused(api):
    created = api.create_application
    assert refusal(created, applicationName="a b") == "InvalidApplicationNameException"
    code = refusal(created, applicationName="x", computePlatform="Mainframe")
    assert code == "InvalidComputePlatformException"
    created(applicationName="lambda", computePlatform="Lambda")
    code = refusal(
        api.create_deployment_group,
        applicationName="lambda",
        deploymentGroupName="dg",
        serviceRoleArn=ROLE,
    )
    assert code == "InvalidInputException"
    assert refusal(api.list_deployment_groups, applicationName="none") == (
        "ApplicationDoesNotExistException"
    )
    found = api.create_application(applicationName="plain")
    assert found["applicationId"]
    told = api.get_application(applicationName="plain")["application"]
    assert told["computePlatform"] == "Server"


def test_revisions_are_listed_by_time_place_and_use(stage):
    api = stage.aws.codedeploy
    for key, bucket in (("web/1.zip", "one"), ("web/2.zip", "one"), ("db/1.zip", "two")):
        api.register_application_revision(applicationName="app", revision=s3(key, bucket))

    def listed(**arguments):
        found = api.list_application_revisions(applicationName="app", **arguments)["revisions"]
        return [one["s3Location"]["key"] for one in found]

    assert listed() == ["web/1.zip", "web/2.zip", "db/1.zip"]
    newest = {"sortBy": "registerTime", "sortOrder": "descending"}
    assert listed(**newest) == ["db/1.zip", "web/2.zip", "web/1.zip"]
    assert listed(s3Bucket="one") == ["web/1.zip", "web/2.zip"]
    assert listed(s3Bucket="one", s3KeyPrefix="web/2") == ["web/2.zip"]
    stage.launch()
    stage.group()
    stage.ended(
        api.create_deployment(
            applicationName="app", deploymentGroupName="dg", revision=s3("web/2.zip", "one")
        )["deploymentId"]
    )
    assert listed(deployed="include") == ["web/2.zip"]
    assert listed(deployed="exclude") == ["web/1.zip", "db/1.zip"]
    known, unknown = s3("web/2.zip", "one"), s3("web/9.zip", "one")
    found = api.batch_get_application_revisions(applicationName="app", revisions=[known, unknown])
    (info,) = found["revisions"]
    assert info["genericRevisionInfo"]["deploymentGroups"] == ["dg"]
    assert "web/9.zip" in found["errorMessage"]
    for arguments, code in (
        ({"sortBy": "name"}, "InvalidSortByException"),
        ({"sortOrder": "up"}, "InvalidSortOrderException"),
        ({"deployed": "maybe"}, "InvalidDeployedStateFilterException"),
        ({"s3KeyPrefix": "web"}, "BucketNameFilterRequiredException"),
    ):
        named = {"applicationName": "app", **arguments}
        assert refusal(api.list_application_revisions, **named) == code
    missing = {"applicationName": "app", "revision": unknown}
    assert refusal(api.get_application_revision, **missing) == "RevisionDoesNotExistException"


def test_tags_need_something_that_has_them(group):
    base = "arn:aws:codedeploy:ap-northeast-2:123456789012"
    tags = [{"Key": "team", "Value": "web"}]
    group.tag_resource(ResourceArn=f"{base}:deploymentgroup:app/dg", Tags=tags)
    found = group.list_tags_for_resource(ResourceArn=f"{base}:deploymentgroup:app/dg")
    assert found["Tags"] == tags
    for arn, code in (
        (f"{base}:application:none", "ApplicationDoesNotExistException"),
        (f"{base}:deploymentgroup:app/none", "DeploymentGroupDoesNotExistException"),
        (f"{base}:deploymentconfig:mine", "ArnNotSupportedException"),
        ("arn:aws:s3:::bucket", "InvalidArnException"),
    ):
        assert refusal(group.tag_resource, ResourceArn=arn, Tags=tags) == code
        assert refusal(group.list_tags_for_resource, ResourceArn=arn) == code


def test_a_renamed_group_keeps_its_deployments(group):
    deployment = deploy(group)
    group.update_deployment_group(
        applicationName="app", currentDeploymentGroupName="dg", newDeploymentGroupName="new"
    )
    found = group.list_deployments(applicationName="app", deploymentGroupName="new")
    assert found["deployments"] == [deployment]
