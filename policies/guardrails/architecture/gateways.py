"""API Gateway: HTTP and REST APIs with their routes, and the load balancers behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from guardrails import tokens
from guardrails.architecture.traffic import ARN_KEYS, Traffic
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent

_ID = ("id",)
_EVERYTHING = "$default"
_GREEDY = re.compile(r"/\{[^/{}]+\+\}")
_ANY = "ANY"


@dataclass(frozen=True)
class ApiRoute:
    """Which requests an API takes: a method or ANY, and a path or `$default`."""

    method: str
    path: str

    @property
    def takes_every_path(self) -> bool:
        """Whether it is for every path, except perhaps `/`."""
        return self.path == _EVERYTHING or _GREEDY.fullmatch(self.path) is not None


class Api:
    """One HTTP API or REST API."""

    def __init__(self, stack: Stack, resource: Resource) -> None:
        """Remember both; everything else is looked up when it is asked for."""
        self._stack = stack
        self.resource = resource
        self.is_rest = resource.type in tokens.REST_API

    @property
    def name(self) -> str:
        """Return its name in the program."""
        return self.resource.name

    @property
    def described(self) -> bool:
        """Whether its routes come from a description, or from a quick target."""
        return not is_absent(self.resource.get("target")) or not is_absent(
            self.resource.get("body")
        )

    def parts(self, types: tuple[str, ...]) -> list[Resource]:
        """Return its parts of these types: routes, stages, integrations."""
        prop = "restApi" if self.is_rest else "apiId"
        owner = tokens.REST_API if self.is_rest else tokens.HTTP_API
        return [
            one
            for one in self._stack.of(types)
            if self.resource in self._stack.references(one, prop, owner, _ID).any
        ]

    @property
    def integrations(self) -> list[Resource]:
        """Return what it hands requests on by."""
        return self.parts(tokens.REST_INTEGRATION if self.is_rest else tokens.HTTP_INTEGRATION)

    @property
    def stages(self) -> list[Resource]:
        """Return its stages."""
        return self.parts(tokens.REST_STAGE if self.is_rest else tokens.HTTP_STAGE)

    @cached_property
    def routes(self) -> tuple[ApiRoute, ...] | None:
        """Its routes; `None` if one of them is not known."""
        found = list(self._of_rest() if self.is_rest else self._of_http())
        return None if None in found else tuple(one for one in found if one is not None)

    @cached_property
    def balancers(self) -> tuple[Resource, ...]:
        """The load balancers of this stack to which it hands requests."""
        traffic, found = self._stack.derived(Traffic), list[Resource]()
        prop = "uri" if self.is_rest else "integrationUri"
        for one in self.integrations:
            listeners = self._stack.references(one, prop, tokens.LISTENER, ARN_KEYS).any
            found += [at for listener in listeners if (at := traffic.balancer(listener))]
            found += self._stack.sources(one, prop, tokens.LOAD_BALANCER)
        return tuple(dict.fromkeys(found))

    def _of_http(self) -> Iterator[ApiRoute | None]:
        for one in self.parts(tokens.HTTP_ROUTE):
            key = one.get("routeKey")
            if not isinstance(key, str):
                yield None
                continue
            method, _, path = key.partition(" ")
            yield ApiRoute(method, path) if path else ApiRoute(_ANY, key)

    def _of_rest(self) -> Iterator[ApiRoute | None]:
        for one in self.parts(tokens.REST_METHOD):
            method, path = one.get("httpMethod"), self._path(one, "resourceId")
            known = isinstance(method, str) and path is not None
            yield ApiRoute(str(method), path or "") if known else None

    def _path(self, part: Resource, prop: str, depth: int = 20) -> str | None:
        """Return the path of a method's resource, `None` if it is not known."""
        above = self._stack.references(part, prop, tokens.REST_RESOURCE, _ID).any
        if len(above) == 1 and depth:
            last = above[0].get("pathPart")
            begin = self._path(above[0], "parentId", depth - 1)
            return f"{begin.rstrip('/')}/{last}" if begin and isinstance(last, str) else None
        roots = self._stack.sources(part, prop, tokens.REST_API)
        return "/" if not above and self.resource in roots else None


class Gateways:
    """The APIs of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Wrap each API."""
        self.apis = tuple(Api(stack, one) for one in stack.of((*tokens.HTTP_API, *tokens.REST_API)))
