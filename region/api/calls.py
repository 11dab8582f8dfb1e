"""An HTTP request as the call of an AWS operation: which one, and which of its parameters are given.

botocore's models say how each protocol writes them; moto's parsers, which moto itself uses, read them.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from region.api import wsgi
from region.api.wsgi import Environ

_BY_SIGNING_NAME: Final[Mapping[str, str]] = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "email": "ses",
    "states": "stepfunctions",
}
"""What a signature calls a service that boto3 calls otherwise."""
_CLASSIC: Final = "2012-06-01"
"""The version of the API of classic load balancers, which shares its name with that of the others."""


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter of a call, or a member inside one.

    Attributes:
        path: Its names, from the outermost: `Filters.Name`. Lists and the keys of maps have none.
        structure: botocore's name of the structure that it is a member of; empty for a parameter.
    """

    path: str
    structure: str
    value: object

    @property
    def parent(self) -> str:
        """The path of what it is inside of, empty for a parameter."""
        return self.path.rpartition(".")[0]

    @property
    def member(self) -> str:
        """Its own name."""
        return self.path.rpartition(".")[2]


class Call:
    """A call of an operation.

    Attributes:
        service: boto3's name of the service.
        operation: The operation; empty if the service has none that fits the request.
        shape: botocore's shape of all parameters, None if it is not known.
        errors: botocore's names of the errors that the operation declares.
    """

    def __init__(
        self,
        service: str,
        operation: str,
        read: Callable[[], Mapping[str, Any]] = dict,
        shape: Any = None,
        errors: Collection[str] = (),
    ) -> None:
        """Call `operation` with the parameters that `read` returns, by the names of botocore's model.

        Without `shape`, what is inside parameters is not looked at.
        """
        self.service, self.operation = service, operation
        self.shape, self.errors = shape, errors
        self._read = read

    @functools.cached_property
    def parameters(self) -> Mapping[str, Any]:
        """What is given.

        Raises:
            ValueError: It cannot be read.
        """
        return self._read()

    def parameter_values(self) -> Iterator[ParameterValue]:
        """Yield the parameters that are given, and what is inside of them, but for what is empty."""
        members = members_of(self.shape)
        for name, value in self.parameters.items():
            if not _empty(value):
                yield ParameterValue(name, "", value)
                yield from _inside(value, members.get(name), name)


def service_of(environ: Environ, body: bytes) -> str:
    """Return boto3's name of the service that a signed request is for."""
    signed = wsgi.service_of(environ)
    name = _BY_SIGNING_NAME.get(signed, signed)
    if name == "elbv2" and (_CLASSIC.encode() in body or _CLASSIC in str(environ["QUERY_STRING"])):
        return "elb"
    return name


def read(environ: Environ, body: bytes, service: str) -> Call:
    """Return the call of `service` that a request makes; the request stays as it is."""
    copy = {key: value for key, value in environ.items() if not key.startswith("werkzeug")}
    request = Request({**copy, "wsgi.input": io.BytesIO(body)})
    operation, labels = _operation(request, environ, body, service)
    if operation is None:
        return Call(service, "")
    return Call(
        service,
        str(operation.name),
        functools.partial(_parameters, request, operation, labels),
        operation.input_shape,
        [str(error.name) for error in cast("list[Any]", operation.error_shapes)],
    )


def _operation(
    request: Request, environ: Environ, body: bytes, service: str
) -> tuple[OperationModel | None, dict[str, Any]]:
    action = wsgi.action_of(environ, body)
    if action == wsgi.REST:
        try:
            operation, labels = get_service_router(service).match(request)
        except (HTTPException, NotImplementedError):
            return None, {}
        return operation, dict(labels)
    model = get_service_model(service)
    if action not in cast("list[str]", model.operation_names):
        return None, {}
    return model.operation_model(action), {}


def _parameters(
    request: Request, operation: OperationModel, labels: dict[str, Any]
) -> dict[str, Any]:
    protocol = determine_request_protocol(operation.service_model, request.content_type)
    parser = PROTOCOL_PARSERS[protocol](operation)
    try:
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": labels,
            }
        )
    except (RequestParserError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"the parameters of {operation.name} cannot be read: {error}") from error
    return dict(parsed)


def members_of(shape: Any) -> Mapping[str, Any]:
    """Return the members of a structure of botocore's model, whose types are not declared."""
    return cast("Mapping[str, Any]", getattr(shape, "members", {}))


def _inside(value: object, shape: Any, path: str) -> Iterator[ParameterValue]:
    kind = getattr(shape, "type_name", "")
    if kind == "list" and isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _inside(inner, shape.member, path)
    elif kind == "map" and isinstance(value, Mapping):
        for inner in cast("Mapping[str, object]", value).values():
            yield from _inside(inner, shape.value, path)
    elif kind == "structure" and isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, object]", value).items():
            if not _empty(inner):
                yield ParameterValue(f"{path}.{name}", str(shape.name), inner)
                yield from _inside(inner, members_of(shape).get(name), f"{path}.{name}")


def _empty(value: object) -> bool:
    return value is None or value in ([], {})
