"""Secrets that the program itself holds."""

from __future__ import annotations

import json

import pytest
from guardrails.catalogue import RULES
from guardrails.model import Settings
from guardrails.resources import Options, Resource, Stack
from guardrails.values import UNKNOWN, kept_secret

LITERAL = next(rule for rule in RULES if rule.id == "no-secret-literal")
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
PARAMETER = "aws:ssm/parameter:Parameter"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
WORD = "Tr0ub4dor&3xyz"


def found(kind, properties, *, secrets=(), dependencies=None, options=None):
    """What the rule says about one resource whose texts are secret, as the SDK sends them."""
    one = Resource(
        type=kind,
        name="it",
        urn="urn:it",
        properties=kept_secret(properties),
        dependencies=dependencies or {},
        options=options or Options(),
    )
    return list(LITERAL.check(Stack([one], secrets), Settings({}, {})))


def encrypted(value, name="/shop/db-password"):
    return {"type": "SecureString", "name": name, "value": value}


BROKEN = [
    (VERSION, {"secretString": WORD}, "secret_string"),
    (VERSION, {"secretString": json.dumps({"password": WORD})}, "password in secret_string"),
    (PARAMETER, encrypted(WORD), "value"),
    (PARAMETER, encrypted(json.dumps({"apiKey": WORD}), "/shop/mail"), "apiKey in value"),
    (PARAMETER, encrypted("ghp_" + "a1B2c3D4e5F6" * 3, "/shop/forge"), "value"),
]


@pytest.mark.parametrize(("kind", "properties", "where"), BROKEN)
def test_a_text_of_its_own_is_told_and_not_shown(kind, properties, where):
    (one,) = found(kind, properties)
    assert not one.undecided
    assert f": {where} is a text" in one.what
    assert WORD not in LITERAL.text(one)


@pytest.mark.parametrize(("kind", "properties"), [case[:2] for case in BROKEN])
def test_one_of_the_configuration_is_not_in_the_program(kind, properties):
    text = properties.get("secretString") or properties["value"]
    assert not found(kind, properties, secrets=[text])


def test_a_part_of_the_configuration_and_what_is_made_of_it_is_not_either():
    assert not found(VERSION, {"secretString": WORD}, secrets=[json.dumps({"password": WORD})])
    assert not found(VERSION, {"secretString": f"https://shop:{WORD}@x.example"}, secrets=[WORD])
    assert found(VERSION, {"secretString": WORD}, secrets=["Tr0"])


def test_what_comes_from_a_resource_is_not():
    sources = {"secretString": ("urn:random",)}
    assert not found(VERSION, {"secretString": WORD}, dependencies=sources)
    assert not found(VERSION, {"secretString": UNKNOWN})


def test_what_is_filled_in_by_hand_is_not():
    ignored = Options(ignored=("value",))
    assert not found(PARAMETER, encrypted(WORD), options=ignored)
    assert not found(PARAMETER, encrypted("CHANGE_ME"))


@pytest.mark.parametrize("name", ["/shop/url", "/shop/token-url", "/shop/password-policy"])
def test_an_encrypted_parameter_that_promises_none_is_not(name):
    assert not found(PARAMETER, encrypted("https://login.example.com/v1", name))


def test_elsewhere_it_may_have_been_looked_up():
    (one,) = found(CACHE, {"authToken": WORD})
    assert one.undecided
    assert "auth_token" in one.what
