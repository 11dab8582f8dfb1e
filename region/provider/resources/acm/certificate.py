"""Certificates of Certificate Manager that are imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from typing_extensions import override

from region.provider.errors import CheckFailure
from region.provider.handler import Handler, changed, given, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

_PARTS: Final = {
    "Certificate": "certificateBody",
    "PrivateKey": "privateKey",
    "CertificateChain": "certificateChain",
}
_IMPORT: Final = (
    "the local region has no DNS and no certificate authority that would issue it: import a certificate "
    "with 'privateKey' and 'certificateBody', or rehearse without a domain"
)


class Certificate(Handler):
    """`aws.acm.Certificate`, imported."""

    resource_type = "aws:acm/certificate:Certificate"
    supported = frozenset({*_PARTS.values(), "tags"})
    hints: ClassVar = dict.fromkeys(
        ("domainName", "validationMethod", "subjectAlternativeNames", "certificateAuthorityArn"),
        _IMPORT,
    )
    computed = frozenset({"domainName", "keyAlgorithm"})
    volatile = frozenset({"notAfter", "notBefore"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that a certificate comes with its key."""
        for name in ("certificateBody", "privateKey"):
            if inputs.get(name) is None:
                yield CheckFailure(name, f"{name!r} is not set: {_IMPORT}")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call ImportCertificate; the id is the ARN."""
        tags = {"Tags": tag_list(inputs["tags"])} if inputs.get("tags") else {}
        return op.aws.acm.import_certificate(**_parts(inputs), **tags)["CertificateArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ImportCertificate again with the same ARN."""
        acm, which = op.aws.acm, {"CertificateArn": identity}
        if old is not None and changed(new, old, *_PARTS.values()):
            acm.import_certificate(**which, **_parts(new))
        sync_tags(
            new,
            old,
            lambda tags: acm.add_tags_to_certificate(**which, Tags=tag_list(tags)),
            lambda keys: acm.remove_tags_from_certificate(
                **which, Tags=[{"Key": key} for key in keys]
            ),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the certificate; ACM does not tell its key again."""
        which = {"CertificateArn": identity}
        found = op.aws.acm.describe_certificate(**which)["Certificate"]
        names = found.get("SubjectAlternativeNames") or []
        return {
            **{name: state[name] for name in _PARTS.values() if state.get(name) is not None},
            "arn": identity,
            "domainName": found.get("DomainName", ""),
            "keyAlgorithm": found.get("KeyAlgorithm", ""),
            "notAfter": _time(found.get("NotAfter")),
            "notBefore": _time(found.get("NotBefore")),
            "status": found["Status"],
            "subjectAlternativeNames": names,
            "type": found["Type"],
            "tags": tag_map(op.aws.acm.list_tags_for_certificate(**which).get("Tags")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteCertificate."""
        op.aws.acm.delete_certificate(CertificateArn=identity)


def _parts(inputs: Properties) -> dict[str, bytes]:
    return {name: str(text).encode() for name, text in given(_PARTS, inputs).items()}


def _time(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else ""
