"""What SNS sends to a subscriber: the message as it is, or in an envelope that is signed.

Amazon SNS Developer Guide, "Parsing Amazon SNS message formats" and "Verifying the signatures".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import Subscription, sns_backends

from region.time_formats import stamps

_VERSION: Final = "2"
"""Of the signature: SHA256."""
_SIGNED: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
"""What is signed of a notification, in this order; a subject only if there is one."""


@dataclass(frozen=True, slots=True)
class _Signer:
    key: rsa.RSAPrivateKey
    certificate: bytes
    name: str


def envelope(
    subscription: Subscription,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return a notification for a subscriber that does not want the raw message."""
    region = subscription.topic.sns_backend.region_name
    signer = _signer()
    # Where moto answers a request for the certificate; it makes one for each message, and keeps them all.
    known = {signer.name: signer.certificate}
    vars(sns_backends[DEFAULT_ACCOUNT_ID][region])["_message_public_keys"] = known
    host = f"https://sns.{region}.amazonaws.com"
    found: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": subscription.topic.arn,
        **({"Subject": subject} if subject else {}),
        "Message": message,
        "Timestamp": stamps.in_milliseconds(datetime.now(UTC)),
        "SignatureVersion": _VERSION,
    }
    text = "".join(f"{name}\n{found[name]}\n" for name in _SIGNED if name in found)
    signature = signer.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    found |= {
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": f"{host}/{signer.name}",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
    }
    return found | ({"MessageAttributes": dict(attributes)} if attributes else {})


def for_protocol(message: str, structure: str | None, protocol: str) -> str:
    """Return what of a message with `MessageStructure` json is for a protocol."""
    if structure != "json":
        return message
    parts = json.loads(message)
    return str(parts.get(protocol, parts["default"]))


@cache
def _signer() -> _Signer:
    """Return one key for all topics: making one takes longer than a request may."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now, number = datetime.now(UTC), x509.random_serial_number()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    name = f"SimpleNotificationService-{number:032x}"[:58] + ".pem"
    return _Signer(key, certificate.public_bytes(serialization.Encoding.PEM), name)
