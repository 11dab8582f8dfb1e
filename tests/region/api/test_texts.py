"""Texts that nothing could carry are the client's error, in every protocol."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from region.api import texts
from tests.region.fakes import ask

JSON = {"Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("service", "target", "request_"),
    [
        (
            "ssm",
            "AmazonSSM.SendCommand",
            {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-1"],
             "Parameters": {"commands": ["echo \ud800"]}},
        ),
        ("ssm", "AmazonSSM.PutParameter", {"Name": "p\udfff", "Type": "String", "Value": "x"}),
        ("ssm", "AmazonSSM.PutParameter", {"Name": "p", "Type": "String", "Value": "\ude00\ud83d"}),
        ("codedeploy", "CodeDeploy_20141006.CreateApplication", {"applicationName": "\ud83d"}),
        ("secretsmanager", "secretsmanager.CreateSecret", {"Name": "s", "SecretString": "\udc80"}),
    ],
)  # fmt: skip
def test_half_a_surrogate_pair_is_refused(plane, service, target, request_):
    answer = ask(
        plane, "POST", "/", signed_for=service, headers=JSON | {"X-Amz-Target": target},
        body=json.dumps(request_).encode(),
    )  # fmt: skip
    assert answer.status == 400
    assert b"SerializationException" in answer.body


def test_a_whole_pair_is_a_character(plane, aws):
    aws.ssm.put_parameter(Name="p", Type="String", Value="\U0001f600")
    answer = ask(
        plane, "POST", "/", signed_for="ssm", headers=JSON | {"X-Amz-Target": "AmazonSSM.GetParameter"},
        body=b'{"Name": "p"}',
    )  # fmt: skip
    assert json.loads(answer.body)["Parameter"]["Value"] == "\U0001f600"


@pytest.mark.parametrize(
    ("service", "action", "code"),
    [
        ("ec2", {"Action": "CreateSecurityGroup", "GroupDescription": "x"}, b"InvalidCharacter"),
        ("autoscaling", {"Action": "DescribeAutoScalingGroups"}, b"ValidationError"),
    ],
)
@pytest.mark.parametrize("text", [b"\xed\xa0\x80", b"\xff", b"a\x00b", b"\x1f", "\uffff".encode()])
def test_what_a_form_cannot_say_is_refused(plane, service, action, code, text):
    body = urlencode({**action, "Version": "2016-11-15", "GroupName": text}).encode()
    answer = ask(plane, "POST", "/", signed_for=service, headers=FORM, body=body)
    assert (answer.status, code in answer.body) == (400, True)


def test_other_texts_pass():
    form = {"CONTENT_TYPE": FORM["Content-Type"], "QUERY_STRING": ""}
    for text in ("é\t\r\n", "한국어", "\U0001f600", "%ED%A0%80"):
        assert texts.objection(form, urlencode({"Action": "X", "Name": text}).encode()) == ""


def test_what_moto_cannot_encode_is_the_clients_error(plane, aws, monkeypatch):
    from moto.ec2.responses.vpcs import VPCs

    def fail(_: object) -> str:
        return "\ud800".encode().decode()

    monkeypatch.setattr(VPCs, "describe_vpcs", fail)
    answer = ask(plane, "GET", "/?Action=DescribeVpcs&Version=2016-11-15", signed_for="ec2")
    assert (answer.status, b"InvalidCharacter" in answer.body) == (400, True)
