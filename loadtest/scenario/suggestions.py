"""Suggestions for keys that belong to another tool or another place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from loadtest.scenario.steps import METHODS

_METHOD = "|".join(METHODS)
_DEFAULTS = "headers of all requests are `config.http.defaults.headers`"
_SLO = "how long answers may take is asked by the SLO (`--slo`)"
_EXPECT = "answers are checked by `expect`, such as `expect: [{statusCode: 200}]`"
_FORM = "a form with files is `formData`, such as `formData: {file: {fromFile: ./a.png}}`"
_BEARER = "a token is a header: `headers: {authorization: Bearer …}`"
_PAUSE = "a pause is `think`, such as `think: 2`"
_IN_REQUEST = "it belongs into the request, indented below its method"
_COUNT = "a loop is `loop` with its steps, and beside it `count: 3`"
_CONDITION = "a condition is `ifTrue` in a request, such as `ifTrue: token`"
_REDIRECT = "it belongs into each request, as `followRedirect`"
_WITHOUT_VALUE = (
    "with `strict: false`, who gets no value goes on; a first value is set below `config.variables`"
)
_TLS = "it belongs into `config.tls`, as `rejectUnauthorized`"


def _of(text: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, text)


_LOAD = "the load is `config.phases`, such as `phases: [{duration: 60, arrivalRate: 5}]`"
_IN_SCENARIO = "it belongs into an entry of `scenarios`"
_AT_THE_TOP = "it belongs beside `config`: indent it less"

_MEANT: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    (
        r"",
        {
            **_of(
                _LOAD, "load", "phase", "stages", "options", "executor", "duration", "arrivalRate"
            ),
            **_of(_IN_SCENARIO, "flow", "weight", "beforeRequest", "afterResponse"),
            **_of(_IN_SCENARIO, "beforeScenario", "afterScenario", "onError"),
            **_of(_SLO, "thresholds", "ensure", "slo"),
            **_of("the URL is `config.target`", "url", "baseUrl", "baseURL", "host"),
            **_of("a flow that runs once is `before`", "setup", "beforeAll"),
            **_of("what each user does first belongs into each `flow`", "beforeEach"),
            **_of("a flow that runs once is `after`", "teardown", "afterAll"),
        },
    ),
    (
        r"config",
        {
            **_of(_LOAD, "load", "stages"),
            **_of(_AT_THE_TOP, "scenarios", "scenario", "before", "after"),
            **_of("it belongs into an entry of `scenarios`, beside `config`", "flow"),
            **_of("the URL is `target`", "baseUrl", "baseURL", "url", "host", "server"),
            **_of(_DEFAULTS, "headers", "header"),
            **_of("it belongs into each phase", "duration", "arrivalRate", "rampTo", "maxVusers"),
        },
    ),
    (
        r"config/http",
        {
            **_of(_DEFAULTS, "headers", "header"),
            **_of(_REDIRECT, "followRedirect", "followRedirects"),
            **_of(_TLS, "strictSSL", "rejectUnauthorized", "insecure"),
            **_of("it belongs into each request", "auth", "cookie", "gzip"),
            **_of("connections are kept open anyway", "keepAlive", "keepalive"),
        },
    ),
    (
        r"config/payload(/\d+)?",
        {
            **_of("the file is `path`", "file", "filename", "fileName", "csv"),
            **_of("the names of its columns are `fields`", "columns", "headers", "variables"),
        },
    ),
    (
        r"scenarios/\d+",
        {
            **_of(_DEFAULTS, "headers"),
            **_of("variables are set below `config.variables`", "variables", "vars"),
            **_of(f"{_PAUSE}, in the flow", "think", "wait"),
            **_of("it belongs into the `flow`, as `- get: …`", *METHODS, "loop", "function"),
            **_of("the share of users is `weight`, a whole number", "probability", "percentage"),
        },
    ),
    (
        r".*/(flow|loop|parallel)/\d+",
        {
            **_of(_PAUSE, "wait", "sleep", "pause", "delay"),
            **_of(_IN_REQUEST, "name", "description", "comment", "url", "json", "headers"),
            **_of(_IN_REQUEST, "capture", "expect", "match", "qs", "body", "form", "beforeRequest"),
            **_of(_COUNT, "repeat", "times"),
            **_of("it belongs beside `loop`", "count", "over", "whileTrue"),
            **_of(_CONDITION, "if", "when", "then", "else", "unless"),
            **_of("a request is named by its method, such as `get: {url: /}`", "request", "http"),
        },
    ),
    (
        rf".*/({_METHOD})",
        {
            **_of("the query is `qs`", "params", "query", "queryParams", "querystring"),
            **_of("what is sent is `json`, `form` or `body`", "data", "payload", "content"),
            **_of(_FORM, "multipart", "files", "file", "attachments"),
            **_of("the method is the name of the step, such as `post: {url: /}`", "method"),
            **_of("a request that fails ends its user, and is not sent again", "retry", "retries"),
            **_of(_EXPECT, "assertions", "assert", "asserts", "check", "checks", "validate"),
            **_of("write `ifTrue: not …`", "ifFalse", "unless"),
            **_of(_BEARER, "bearer", "token", "authorization", "Authorization"),
            **_of("it is a header: `headers: {content-type: …}`", "contentType", "content-type"),
        },
    ),
    (
        r".*/expect(/\d+)?",
        {
            **_of(_SLO, "responseTime", "maxResponseTime", "responseTimeMs", "latency", "maxTime"),
            **_of("a text is looked for by `matchesRegexp`", "body", "contains", "bodyContains"),
            **_of("a part of an answer is `hasProperty` or `jmespath`", "json", "jsonPath"),
            **_of("it is `statusCode`", "status", "code", "httpCode"),
        },
    ),
    (
        r".*/(capture|match)(/\d+)?",
        {
            **_of("the variable is `as`", "to", "name", "var", "variable"),
            **_of("a cookie is in `header: set-cookie`", "cookie"),
            **_of(_EXPECT, "statusCode", "status"),
            **_of(_WITHOUT_VALUE, "default", "defaultValue", "fallback"),
        },
    ),
    (
        r".*/auth",
        {
            **_of("it is `user`", "username", "name"),
            **_of("it is `pass`", "password"),
            **_of(_BEARER, "bearer", "token"),
        },
    ),
)
"""By the path to a part: what is most likely meant by a key that it does not have."""


def instead(key: str, part: str) -> str | None:
    """Return what to write instead of a key that is unknown in a part; None if nobody can know."""
    for pattern, meant in _MEANT:
        if key in meant and re.fullmatch(pattern, part):
            return meant[key]
    return None


def close(key: str, names: Iterable[str]) -> str | None:
    """Return the known name that is written most like a key, in capitals or not; None if none is."""
    by_lower = {name.lower(): name for name in names}
    found = difflib.get_close_matches(key.lower(), by_lower, n=1, cutoff=0.65)
    return by_lower[found[0]] if found else None
