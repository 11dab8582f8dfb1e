"""Errors of Elastic Load Balancing's API."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from moto.elbv2.exceptions import ELBClientError

from region.services.elbv2.attributes import AttributesError
from region.services.elbv2.conversion import UnsupportedError
from region.services.elbv2.haproxy.errors import LoadBalancerError


def invalid(message: str, code: str = "ValidationError") -> ELBClientError:
    """Return an error of AWS's."""
    return ELBClientError(code, message)


def unsupported(what: str, instead: str) -> ELBClientError:
    """Return the error for what AWS has and the local region has not."""
    return ELBClientError(
        "NotImplemented", f"The local region does not implement {what}: {instead}."
    )


@contextmanager
def refused() -> Generator[None]:
    """Turn what the data plane or the checks of attributes refuse into an error of the call."""
    try:
        yield
    except UnsupportedError as error:
        raise ELBClientError(
            "NotImplemented", f"The local region does not implement {error}"
        ) from error
    except LoadBalancerError as error:
        raise invalid(str(error), error.code) from error
    except AttributesError as error:
        raise ELBClientError(error.code, str(error)) from error
