"""Revisions are compared by their content, not by their name."""

from __future__ import annotations

from loadtest.stack.deployments import Revision


def test_a_revision_is_the_same_only_if_its_content_is_known_to_be():
    ours = Revision("b", "k", etag="e", version=None)
    assert ours.same_as({"s3Location": {"bucket": "b", "key": "k", "eTag": '"e"'}})
    assert not ours.same_as({"s3Location": {"bucket": "b", "key": "k", "eTag": "other"}})
    assert not ours.same_as({"s3Location": {"bucket": "b", "key": "k"}})
    assert not ours.same_as({"s3Location": {"bucket": "b", "key": "other", "eTag": "e"}})
    assert not ours.same_as({})
