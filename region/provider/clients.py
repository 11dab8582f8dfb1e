"""boto3 clients that can reach the local region and nothing else."""

from __future__ import annotations

import ipaddress
import os
import threading
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from boto3.session import Session
from botocore.config import Config

ACCESS_KEY = "rehearsal"
SECRET_KEY = "rehearsal"  # noqa: S105 (the local region checks no credentials)
POOL_SIZE = 64


def require_loopback(endpoint_url: str) -> str:
    """The endpoint, if its host is a literal address in 127.0.0.0/8.

    Raises ValueError for every other host, so that no call can reach the real AWS.
    """
    host = urlsplit(endpoint_url).hostname or ""
    try:
        loopback = ipaddress.ip_address(host) in ipaddress.ip_network("127.0.0.0/8")
    except ValueError:
        loopback = False
    if not loopback:
        msg = (
            f"The rehearsal's provider talks only to 127.0.0.0/8, and {endpoint_url!r} is not there; "
            "give it the local region's endpoint, such as http://127.0.0.1:4566."
        )
        raise ValueError(msg)
    return endpoint_url


def _isolated_session() -> Session:
    """A session that reads neither profile nor configuration files of the user."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return Session(botocore_session=core)


class Clients:
    """One client per service, made at first use and shared by all threads."""

    def __init__(self, endpoint_url: str, region: str) -> None:
        self._endpoint_url = require_loopback(endpoint_url)
        self._region = region
        self._lock = threading.Lock()
        self._session = _isolated_session()
        self._made: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        """The client of a service, by boto3's name for it."""
        made = self._made.get(service)
        if made is not None:
            return made
        with self._lock:  # boto3 sessions are not safe to make clients from in several threads
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def _make(self, service: str) -> Any:
        config = Config(
            region_name=self._region,
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=5,
            read_timeout=120,
            max_pool_connections=POOL_SIZE,
            proxies={},  # a proxy from the environment must not see loopback traffic
            inject_host_prefix=False,
            request_checksum_calculation="when_required",
            s3={"addressing_style": "path"},
        )
        return self._session.client(  # pyright: ignore[reportCallIssue]
            service,  # pyright: ignore[reportArgumentType]
            endpoint_url=self._endpoint_url,
            region_name=self._region,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=config,
        )

    @property
    def ec2(self) -> Any:
        """Amazon EC2."""
        return self.get("ec2")

    @property
    def autoscaling(self) -> Any:
        """EC2 Auto Scaling."""
        return self.get("autoscaling")

    @property
    def elbv2(self) -> Any:
        """Elastic Load Balancing v2."""
        return self.get("elbv2")

    @property
    def iam(self) -> Any:
        """IAM."""
        return self.get("iam")

    @property
    def s3(self) -> Any:
        """Amazon S3."""
        return self.get("s3")

    @property
    def rds(self) -> Any:
        """Amazon RDS."""
        return self.get("rds")

    @property
    def codedeploy(self) -> Any:
        """AWS CodeDeploy."""
        return self.get("codedeploy")

    @property
    def cloudwatch(self) -> Any:
        """Amazon CloudWatch."""
        return self.get("cloudwatch")

    @property
    def logs(self) -> Any:
        """Amazon CloudWatch Logs."""
        return self.get("logs")

    @property
    def sns(self) -> Any:
        """Amazon SNS."""
        return self.get("sns")

    @property
    def kms(self) -> Any:
        """AWS KMS."""
        return self.get("kms")

    @property
    def budgets(self) -> Any:
        """AWS Budgets."""
        return self.get("budgets")

    @property
    def ssm(self) -> Any:
        """AWS Systems Manager."""
        return self.get("ssm")

    @property
    def sts(self) -> Any:
        """AWS STS."""
        return self.get("sts")
