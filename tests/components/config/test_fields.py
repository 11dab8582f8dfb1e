"""Validation of single configuration values."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config.fields import (
    certificate_arn,
    certificate_region,
    domain_name,
    hosted_zone_id,
    instance_types,
    json_list,
    optional,
)

INNER = st.text(string.ascii_lowercase + string.digits + "-", max_size=20)
EDGE = st.sampled_from(string.ascii_lowercase + string.digits)
LABEL = st.builds(lambda first, inner, last: first + inner + last, EDGE, INNER, EDGE)
DOMAIN = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABEL, min_size=1, max_size=4),
    st.sampled_from(["com", "org", "xn--p1ai"]),
)
ID = "12345678-90ab-cdef-1234-567890abcdef"


@given(DOMAIN)
def test_host_names_are_accepted_unchanged(name):
    assert domain_name(name) == name


@given(DOMAIN, st.sampled_from(["-{}", "{}-", "https://{}", "{}/", "{}.", ".{}", "{}:443", "{} "]))
def test_anything_around_a_host_name_is_rejected(name, around):
    with pytest.raises(ValueError, match="is not a host name"):
        domain_name(around.format(name))


@pytest.mark.parametrize("name", ["", "com", "WWW.example.com", "a..b.com", "1.2.3.4", "a" * 300])
def test_other_texts_are_not_host_names(name):
    with pytest.raises(ValueError, match="is not a host name"):
        domain_name(name)


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "ap-northeast-2"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")],
)
def test_a_certificates_arn_contains_its_region(partition, region):
    arn = f"arn:{partition}:acm:{region}:123456789012:certificate/{ID}"
    assert certificate_arn(arn) == arn
    assert certificate_region(arn) == region


@pytest.mark.parametrize(
    "text", [f"arn:aws:iam::123456789012:server-certificate/{ID}", ID, "arn:aws:acm:x:1:y"]
)
def test_other_arns_are_rejected(text):
    with pytest.raises(ValueError, match="is not the ARN of a certificate"):
        certificate_arn(text)
    with pytest.raises(ValueError, match="copy it from ACM"):
        certificate_region(text)


@pytest.mark.parametrize("text", ["example.com", "z0123", "/hostedzone/Z0123", "Z", ""])
def test_other_texts_are_not_zones(text):
    with pytest.raises(ValueError, match="is not the id of a hosted zone"):
        hosted_zone_id(text)


def test_none_means_not_set():
    read = optional(hosted_zone_id)
    assert read("none") is None
    assert read(None) is None
    assert read("Z0123456789ABC") == "Z0123456789ABC"


@given(st.lists(st.text()))
def test_a_list_is_parsed_from_json(items):
    assert json_list(json.dumps(items)) == items
    assert json_list(items) == items


@pytest.mark.parametrize("text", ["t4g.nano", "{}", '"x"', "[", "null"])
def test_other_texts_are_not_lists(text):
    with pytest.raises(ValueError, match="is not a list"):
        json_list(text)


def test_types_are_validated_and_distinct():
    assert instance_types(("t4g.micro", "m7g.large")) == ("t4g.micro", "m7g.large")
    with pytest.raises(ValueError, match=r"like t4g\.nano"):
        instance_types(("nano",))
    with pytest.raises(ValueError, match="lists a type twice"):
        instance_types(("t4g.micro", "t4g.micro"))
