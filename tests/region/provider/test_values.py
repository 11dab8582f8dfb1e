from __future__ import annotations

import math
from typing import Any

from google.protobuf import struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from region.provider import values
from region.provider.values import UNKNOWN, Archive, Asset, Secret

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**53), max_value=2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.just(UNKNOWN),
    st.builds(Asset, hash=st.text(min_size=1), path=st.text(min_size=1)),
    st.builds(Archive, hash=st.text(min_size=1), path=st.text(min_size=1)),
)
KEYS = st.text(min_size=1).filter(lambda key: key != values.SIGNATURE)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Secret, inner),
    ),
    max_leaves=12,
)


def normal(value: Any) -> Any:
    """Whole floats come back as integers: the wire knows doubles only."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Secret):
        return Secret(normal(value.value))
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return value


@settings(deadline=None)
@given(st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_properties_survive_the_wire(properties: dict[str, Any]) -> None:
    wire = values.to_struct(properties).SerializeToString()
    assert values.from_struct(struct_pb2.Struct.FromString(wire)) == normal(properties)


@settings(deadline=None)
@given(st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_plain_leaves_no_secret_and_no_null_member(properties: dict[str, Any]) -> None:
    flat = values.plain(properties)
    assert not values.has_secret(flat)
    assert None not in flat.values()
    assert values.is_known(flat) == values.is_known(
        {key: item for key, item in properties.items() if item is not None}
    )


def wire(fields: dict[str, Any]) -> Any:
    struct = struct_pb2.Struct()
    struct.update({"it": fields})
    return values.from_struct(struct)["it"]


def test_an_output_without_value_is_unknown() -> None:
    signed = {values.SIGNATURE: values.OUTPUT_SIGNATURE}
    assert wire(signed) is UNKNOWN
    assert wire({**signed, "value": 1, "dependencies": ["urn"]}) == 1
    assert wire({**signed, "value": "x", "secret": True}) == Secret("x")


def test_a_resource_reference_is_its_id() -> None:
    signed = {values.SIGNATURE: values.RESOURCE_SIGNATURE, "urn": "urn:x"}
    assert wire({**signed, "id": "vpc-1"}) == "vpc-1"
    assert wire({**signed, "id": ""}) is UNKNOWN
    assert wire(signed) == "urn:x"


def test_the_engines_unknown_string_is_unknown_and_back() -> None:
    struct = values.to_struct({"id": UNKNOWN})
    assert struct["id"] == values.UNKNOWN_STRING
    assert values.from_struct(struct)["id"] is UNKNOWN


def test_whole_numbers_arrive_as_integers() -> None:
    struct = struct_pb2.Struct()
    struct.update({"port": 80.0, "ratio": 0.5, "nothing": math.pi})
    port = values.from_struct(struct)["port"]
    assert port == 80
    assert isinstance(port, int)
    assert values.from_struct(struct)["ratio"] == 0.5


def test_a_secret_never_shows_its_value() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})


def test_outputs_stay_secret_where_inputs_were() -> None:
    sealed = values.seal({"password": "x", "port": 1}, {"password": Secret("x")})
    assert sealed == {"password": Secret("x"), "port": 1}


def test_assets_are_equal_by_digest() -> None:
    assert Asset(hash="a", path="/one") == Asset(hash="a", path="/two")
    assert Asset(hash="a", path="/one") != Asset(hash="b", path="/one")
