"""What is made fast gives the same answers as moto's own way."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from moto.core import responses, serialize
from moto.core.utils import get_service_model
from moto.ec2.responses import EC2Response

from region.api import speedups
from region.api.patching import original

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True)
TEXTS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.binary(max_size=5),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12),
)  # fmt: skip
ATTRIBUTES = st.dictionaries(NAMES.map("@{}".format), TEXTS, max_size=2)
CONTENTS = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(
            lambda attributes, text, members: {**attributes, **text, **members},
            ATTRIBUTES,
            st.dictionaries(st.just("#text"), TEXTS, max_size=1),
            st.dictionaries(NAMES, inner, max_size=3),
        ),
    ),
    max_leaves=12,
)


@pytest.fixture(autouse=True, scope="module")
def _installed():
    with speedups.patches.installed():
        yield


def _outcome(function: Any, *args: Any, **how: Any) -> object:
    try:
        return function(*args, **how)
    except ValueError as error:
        return str(error)


@given(st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=2), st.booleans(), st.booleans())
def test_xml_is_what_xmltodict_writes(document: Any, whole: bool, short: bool):
    how = {"full_document": whole, "short_empty_elements": short}
    expected = _outcome(original(xmltodict, "unparse"), document, **how)
    assert _outcome(xmltodict.unparse, document, **how) == expected


@pytest.mark.parametrize(
    "document",
    [
        {"a": {"@xmlns": {"": "urn:x", "y": "urn:<y>"}, "b": "&"}},
        {"a": {"@b": {"c": 1}}},
        {"a": {"#comment": "x"}},
        {"a": {"": "x"}},
        {"a b": "x"},
        {"a": {"b<": "x"}},
        {"a": {"@b=": "x"}},
        {"a": [1, 2]},
        {"a": {"b": ([1, 2], (3,))}},
    ],
    ids=str,
)
@pytest.mark.parametrize("pretty", [False, True])
def test_unusual_xml_too(document: Any, pretty: bool):
    expected = _outcome(original(xmltodict, "unparse"), document, pretty=pretty)
    assert _outcome(xmltodict.unparse, document, pretty=pretty) == expected


class DBInstance:
    class Meta:
        serialization_aliases: ClassVar[dict[str, str]] = {"Engine": "kind"}

    def __init__(self) -> None:
        self.kind = "postgres"
        self.identifier = "db-1"
        self.db_instance_class = "db.t4g.micro"
        self.DBName = "notes"
        self.endpoint = {"Address": "10.0.0.1", "port": 5432}
        self.tags = [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize("transformers", [None, {"DBInstance.DBName": lambda value: value and "*"}])
def test_a_value_is_found_under_the_names_that_moto_tries(transformers: Any):
    operation = get_service_model("rds").operation_model("CreateDBInstance")
    results = []
    for get in (speedups._get_value, lambda moto, *args: moto(*args)):
        moto = original(serialize.ResponseSerializer, "get_value")
        picker = serialize.XFormedAttributePicker(response_transformers=transformers)
        serializer = serialize.QuerySerializer(operation, value_picker=picker)
        serializer.get_value = lambda *args, get=get, own=serializer, moto=moto: get(
            moto, own, *args
        )
        # Twice: the second time the names are remembered.
        results += [serializer.serialize({"DBInstance": DBInstance()}) for _ in range(2)]
    assert all(one == results[0] for one in results)
    text = results[0]["body"]
    for value in (
        "postgres",
        "db-1",
        "db.t4g.micro",
        "10.0.0.1",
        "5432",
        "*" if transformers else "notes",
    ):
        assert f">{value}<" in text


def test_methods_are_those_of_the_class():
    found = responses.method_names_from_class(EC2Response)
    assert set(found) == set(original(responses, "method_names_from_class")(EC2Response))
    assert "describe_instances" in found
    assert "no_such_method" not in found
    assert "RESPONSE_KEY_PATH_TO_TRANSFORMER" not in found
