"""The schema of a scenario file: the part of Artillery's script format that is measured faithfully.

Artillery ignores unknown keys, and some known ones. Either would measure something other than what
the file says, so both are rejected. Facts about Artillery are those of 2.0.34
(`core/engine_http`, `commons/engine_util`, `util/validate-script`). What the runner sets itself is gone
before this schema is applied: see `adoption.py`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from loadtest.scenario.headers import AnyCookies, AnyHeaders
from loadtest.scenario.part import Part, is_template, listed
from loadtest.scenario.steps import Step, requests_in

DEFAULT_TIMEOUT_S = 10.0
"""Artillery's own limit for a request without `timeout`."""
LONGEST_TIMEOUT_S = 3600
MOST_CONNECTIONS = 65_535
"""Connections to one address: each has a port."""
MOST_REQUESTS = 10_000
"""Requests that one user may send: more is a mistake, and would outlast every profile."""


class ThinkDefaults(Part):
    """`think` of the defaults, which applies to every step that waits."""

    jitter: int | str


class Defaults(Part):
    """`config.http.defaults`, or `config.defaults` in older scripts."""

    headers: AnyHeaders | None = None
    cookie: AnyCookies | None = None
    think: ThinkDefaults | None = None
    strictCapture: bool | None = None  # noqa: N815


def _seconds(value: Any) -> Any:
    """Read a time limit that is written as a text, as Artillery does."""
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
            raise ValueError("is a number of seconds, such as `timeout: 10`")
        return float(value)
    if isinstance(value, int) and value > LONGEST_TIMEOUT_S and not value % 1000:
        raise ValueError(f"is in seconds: write {value // 1000}")
    return value


def _connections(value: Any) -> Any:
    """Read a number of connections that is written as a text, as Artillery does."""
    if is_template(value):
        raise ValueError("is known only in the run: write the number")
    if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CONNECTIONS:
        raise ValueError(
            f"is a number of connections from 1 to {MOST_CONNECTIONS:,}, such as `pool: 10`"
        )
    return value


class Http(Part):
    """`config.http`."""

    timeout: Annotated[
        float, BeforeValidator(_seconds), Field(gt=0, le=LONGEST_TIMEOUT_S, allow_inf_nan=False)
    ] = DEFAULT_TIMEOUT_S
    extendedMetrics: bool = False  # noqa: N815
    defaults: Defaults = Defaults()
    cookieJarOptions: dict[str, Any] = Field(default_factory=dict[str, Any])  # noqa: N815
    distributedTracing: Any = None  # noqa: N815
    pool: Annotated[int | None, BeforeValidator(_connections)] = None


class Payload(Part):
    """A file of values; each virtual user gets a row of it, or with `loadAll` all of them."""

    path: str
    fields: list[str] = Field(default_factory=list[str])
    order: Literal["sequence", "random"] | None = None
    skipHeader: bool = False  # noqa: N815
    skipEmptyLines: bool = True  # noqa: N815
    cast: bool = True
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    loadAll: bool = False  # noqa: N815
    name: str | None = None

    @model_validator(mode="after")
    def _has_names(self) -> Payload:
        if self.loadAll and self.name is None:
            no_order = ", and no `order`" if self.order is not None else ""
            raise ValueError(
                f"`loadAll` needs a `name`, the variable that gets all rows{no_order}; without `loadAll`, "
                "each user gets a row"
            )
        if not self.loadAll and not self.fields:
            raise ValueError("a payload needs `fields`, the names of its columns")
        if self.loadAll and self.order is not None:
            # Artillery's reader of everything is only used without an order.
            raise ValueError("remove `order`: with it, Artillery ignores `loadAll`")
        named = [one for one in self.fields if one.strip("_ ")]
        if twice := next((one for one in named if named.count(one) > 1), None):
            raise ValueError(
                f"`fields` has `{twice}` twice, and users get the last of these columns only"
            )
        return self


class Tls(Part):
    """`config.tls`: Artillery hands it to its HTTP client (got 14), which ends on any other key.

    Certificates and keys are the PEM text itself, not the names of files.
    """

    rejectUnauthorized: bool | None = None  # noqa: N815
    serverName: str | None = None  # noqa: N815
    certificateAuthority: str | list[str] | None = None  # noqa: N815
    key: str | None = None
    certificate: str | None = None
    passphrase: str | None = None
    ciphers: str | None = None
    minVersion: str | None = None  # noqa: N815
    maxVersion: str | None = None  # noqa: N815
    honorCipherOrder: bool | None = None  # noqa: N815
    alpnProtocols: list[str] | None = None  # noqa: N815


class Bundling(Part):
    """`config.bundling`: packages that a processor in TypeScript requires as they are installed."""

    external: list[str] = Field(default_factory=list[str])


class Config(Part):
    """`config`, without what the runner sets."""

    http: Http = Http()
    defaults: Defaults = Defaults()
    payload: Annotated[list[Payload], BeforeValidator(listed)] = Field(
        default_factory=list[Payload]
    )
    variables: dict[str, Any] = Field(default_factory=dict[str, Any])
    tls: Tls = Tls()
    plugins: dict[Literal["metrics-by-endpoint", "fake-data"], Any] = Field(
        default_factory=dict[Literal["metrics-by-endpoint", "fake-data"], Any]
    )
    processor: Annotated[str, Field(min_length=1)] | None = None
    bundling: Bundling = Bundling()


def _weight(value: Any) -> Any:
    """Read a weight that is written as a text, as Artillery does."""
    if is_template(value):
        raise ValueError("is known only in the run: write the number")
    if isinstance(value, str) and (share := re.fullmatch(r"\s*(\d+)\s*%\s*", value)):
        raise ValueError(f"is a share among all weights: write {share[1]}")
    if isinstance(value, float):
        raise ValueError(  # noqa: TRY004 - pydantic turns it into an error of its own
            "must be a whole number: Artillery cuts off the rest"
        )
    return int(value) if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*", value) else value


Names = Annotated[list[str] | None, BeforeValidator(listed)]
"""Names of functions of the processor."""


def _sends_a_request(flow: list[Step]) -> list[Step]:
    sent = requests_in(flow)
    if sent == 0:
        raise ValueError("the flow sends no request")
    if sent > MOST_REQUESTS:
        raise ValueError(f"a user would send {sent:,} requests; at most {MOST_REQUESTS:,} are run")
    return flow


class Flow(Part):
    """One of `scenarios`: what a virtual user does."""

    flow: Annotated[list[Step], Field(min_length=1), AfterValidator(_sends_a_request)]
    name: Annotated[str, Field(min_length=1)] | None = None
    weight: Annotated[int, BeforeValidator(_weight), Field(ge=0, le=10_000)] | None = None
    engine: Literal["http"] = "http"
    beforeScenario: Names = None  # noqa: N815
    afterScenario: Names = None  # noqa: N815
    beforeRequest: Names = None  # noqa: N815
    afterResponse: Names = None  # noqa: N815
    onError: Names = None  # noqa: N815


class Around(Part):
    """`before` or `after`: what happens once, before or after the load."""

    flow: Annotated[list[Step], Field(min_length=1)]
    name: str | None = None
    engine: Literal["http"] = "http"


class Script(Part):
    """The whole file."""

    config: Config
    scenarios: Annotated[list[Flow], Field(min_length=1)]
    before: Around | None = None
    after: Around | None = None

    @model_validator(mode="after")
    def _somebody_is_sent(self) -> Script:
        if all(flow.weight == 0 for flow in self.scenarios):
            raise ValueError("every scenario has the weight 0: Artillery would pick none of them")
        return self
