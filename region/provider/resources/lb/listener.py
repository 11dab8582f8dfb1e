"""Listeners of Application Load Balancers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError, ParamValidationError
from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, is_missing
from region.provider.handler import Handler, given
from region.provider.operation import Operation
from region.provider.resources.lb import actions, common
from region.provider.resources.lb.load_balancer import await_active
from region.provider.values import Properties


class Listener(Handler):
    """`aws.lb.Listener` of HTTP or HTTPS."""

    resource_type = "aws:lb/listener:Listener"
    supported = frozenset(
        {
            "loadBalancerArn",
            "port",
            "protocol",
            "certificateArn",
            "sslPolicy",
            *(f"defaultActions.{member}" for member in actions.MEMBERS),
            "tags",
        }
    )
    defaults: ClassVar = {"protocol": "HTTP"}

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for HTTP or HTTPS on a port, with one action that the region does."""
        yield from checks.one_of("protocol", inputs.get("protocol"), ["HTTP", "HTTPS"])
        yield from _certificate(op, inputs)
        if inputs.get("port") is None:
            yield CheckFailure("port", "a listener needs 'port', such as 80; set it")
        yield from checks.within("port", inputs.get("port"), 1, 65535)
        yield from actions.check("defaultActions", inputs.get("defaultActions"))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateListener; the id is the ARN."""
        response = op.aws.elbv2.create_listener(
            LoadBalancerArn=inputs["loadBalancerArn"],
            **common.tags_parameter(inputs),
            **_listener(inputs),
        )
        return response["Listeners"][0]["ListenerArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyListener."""
        if old is not None and _listener(new) != _listener(old):
            op.aws.elbv2.modify_listener(ListenerArn=identity, **_listener(new))
        # The load balancer adds a listener after the call, and only then notices a port that is taken.
        await_active(op, new["loadBalancerArn"])
        common.retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the listener."""
        for listener in op.aws.elbv2.describe_listeners(ListenerArns=[identity])["Listeners"]:
            return {
                "loadBalancerArn": listener["LoadBalancerArn"],
                "port": listener["Port"],
                "protocol": listener["Protocol"],
                **_security(listener),
                "defaultActions": actions.described(listener["DefaultActions"]),
                "arn": identity,
                "tags": common.tags_of(op, identity),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteListener."""
        op.aws.elbv2.delete_listener(ListenerArn=identity)


def _certificate(op: Operation, inputs: Properties) -> Iterator[CheckFailure]:
    """Check that HTTPS has a certificate that the region has, and HTTP has none."""
    protocol, arn = inputs.get("protocol"), inputs.get("certificateArn")
    if protocol == "HTTPS" and arn is None:
        yield CheckFailure("certificateArn", "a listener of HTTPS needs 'certificateArn'; set it")
    if protocol == "HTTP":
        for name in ("certificateArn", "sslPolicy"):
            if inputs.get(name) is not None:
                yield CheckFailure(name, f"{name!r} is for HTTPS; remove it, or use protocol HTTPS")
    if isinstance(arn, str) and not _is_there(op, arn):
        yield CheckFailure(
            "certificateArn",
            f"the local region has no certificate {arn!r}: import one (aws.acm.Certificate with "
            "'privateKey' and 'certificateBody', or `aws acm import-certificate`), or rehearse without "
            "a domain",
        )


def _is_there(op: Operation, arn: str) -> bool:
    try:
        op.aws.acm.describe_certificate(CertificateArn=arn)
    except ParamValidationError:
        return False  # It is no ARN.
    except ClientError as error:
        if not is_missing(error):
            raise
        return False
    return True


def _security(listener: Mapping[str, Any]) -> Properties:
    """Return the certificate and the policy of a listener as it is described; nothing of HTTP."""
    certificates = listener.get("Certificates") or []
    if not certificates:
        return {}
    arn = certificates[0]["CertificateArn"]
    return {"certificateArn": arn, "sslPolicy": listener["SslPolicy"]}


def _listener(inputs: Properties) -> dict[str, Any]:
    arn = inputs.get("certificateArn")
    certificates = {"Certificates": [{"CertificateArn": arn}]} if arn is not None else {}
    names = {"Port": "port", "Protocol": "protocol", "SslPolicy": "sslPolicy"}
    made = actions.parameters(inputs["defaultActions"])
    return {**given(names, inputs), **certificates, "DefaultActions": made}
