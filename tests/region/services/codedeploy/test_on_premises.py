"""On-premises instances: their register, and deployments to them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from region.periods import Period
from region.services.codedeploy import periods

USER = "arn:aws:iam::123456789012:user/rack-1"
SESSION = "arn:aws:sts::123456789012:assumed-role/racks/rack-2"


@pytest.fixture
def api(aws):
    aws.codedeploy.register_on_premises_instance(instanceName="rack-1", iamUserArn=USER)
    return aws.codedeploy


def refusal(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_they_are_registered_tagged_listed_and_deregistered(api):
    api.register_on_premises_instance(instanceName="rack-2", iamSessionArn=SESSION)
    tags = [{"Key": "role", "Value": "web"}]
    api.add_tags_to_on_premises_instances(instanceNames=["rack-1"], tags=tags)
    found = api.get_on_premises_instance(instanceName="rack-1")["instanceInfo"]
    assert (found["iamUserArn"], found["tags"]) == (USER, tags)
    assert found["instanceArn"].startswith("arn:aws:codedeploy:")
    chosen = [{"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}]
    assert api.list_on_premises_instances(tagFilters=chosen)["instanceNames"] == ["rack-1"]
    api.deregister_on_premises_instance(instanceName="rack-2")
    gone = api.list_on_premises_instances(registrationStatus="Deregistered")
    assert gone["instanceNames"] == ["rack-2"]
    batch = api.batch_get_on_premises_instances(instanceNames=["rack-2", "rack-3"])
    assert [one["instanceName"] for one in batch["instanceInfos"]] == ["rack-2"]
    assert batch["instanceInfos"][0]["deregisterTime"]
    api.remove_tags_from_on_premises_instances(instanceNames=["rack-1"], tags=tags)
    assert api.get_on_premises_instance(instanceName="rack-1")["instanceInfo"]["tags"] == []


REFUSALS = [
    ("register", {"instanceName": "x"}, "IamArnRequiredException"),
    (
        "register",
        {"instanceName": "x", "iamUserArn": USER, "iamSessionArn": SESSION},
        "MultipleIamArnsProvidedException",
    ),
    ("register", {"instanceName": "x", "iamUserArn": "me"}, "InvalidIamUserArnException"),
    (
        "register",
        {"instanceName": "x", "iamSessionArn": USER},
        "InvalidIamSessionArnException",
    ),
    (
        "register",
        {"instanceName": "x", "iamUserArn": USER},
        "IamUserArnAlreadyRegisteredException",
    ),
    (
        "register",
        {"instanceName": "rack-1", "iamSessionArn": SESSION},
        "InstanceNameAlreadyRegisteredException",
    ),
    ("register", {"instanceName": "a b", "iamUserArn": USER}, "InvalidInstanceNameException"),
    ("get", {"instanceName": "x"}, "InstanceNotRegisteredException"),
]


def test_what_is_refused(api):
    for operation, arguments, code in REFUSALS:
        found = refusal(getattr(api, f"{operation}_on_premises_instance"), **arguments)
        assert found == code, arguments


def test_lists_and_tags_are_refused(api):
    code = refusal(api.list_on_premises_instances, registrationStatus="Lost")
    assert code == "InvalidRegistrationStatusException"
    code = refusal(api.list_on_premises_instances, tagFilters=[{"Type": "KEY_ONLY"}])
    assert code == "InvalidTagFilterException"
    tagged = {"instanceNames": ["rack-1"], "tags": [{"Key": f"k{n}"} for n in range(11)]}
    code = refusal(api.add_tags_to_on_premises_instances, **tagged)
    assert code == "TagLimitExceededException"
    code = refusal(
        api.add_tags_to_on_premises_instances, instanceNames=["none"], tags=[{"Key": "k"}]
    )
    assert code == "InstanceNotRegisteredException"


def test_a_deployment_to_one_fails_because_its_agent_never_answers(stage, monkeypatch):
    monkeypatch.setattr(periods, "AGENT", Period("agent", 10, "test"))
    api = stage.aws.codedeploy
    api.register_on_premises_instance(instanceName="rack-1", iamUserArn=USER)
    api.add_tags_to_on_premises_instances(
        instanceNames=["rack-1"], tags=[{"Key": "role", "Value": "web"}]
    )
    chosen = [{"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}]
    stage.group(ec2TagFilters=[], onPremisesInstanceTagFilters=chosen)
    deployment = stage.deploy()
    info = stage.ended(deployment)
    assert info["status"] == "Failed"
    assert info["deploymentOverview"]["Failed"] == 1
    event = stage.target(deployment, "rack-1")["lifecycleEvents"][0]
    assert "agent" in event["diagnostics"]["message"]
