"""boto3 clients that can reach the local region and nothing else."""

from __future__ import annotations

import os
import threading
from typing import Any

import botocore.session
from boto3.session import Session
from botocore.config import Config

from region.credentials import Credential
from region.loopback.addresses import require_loopback
from region.provider import creation

POOL_SIZE = 64


def _isolated_session() -> Session:
    """Return a session that reads neither profile nor configuration files of the user."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return Session(botocore_session=core)


class Clients:
    """One client per service, created on first use and shared by all threads.

    A client is an attribute by boto3's name of the service: `clients.ec2`, `clients.elbv2`. They are
    `Any`, because boto3 builds its clients from AWS's models when the program runs.
    """

    def __init__(self, endpoint_url: str, region: str, credential: Credential) -> None:
        """Prepare clients of the region at `endpoint_url`, which sign with `credential`.

        Raises:
            GuardError: The endpoint is not on this machine.
        """
        require_loopback("The provider's endpoint", endpoint_url)
        self._endpoint_url = endpoint_url
        self._region = region
        self._credential = credential
        self._lock = threading.Lock()
        self._session = _isolated_session()
        self._services = frozenset(self._session.get_available_services())

    def __getattr__(self, service: str) -> Any:
        """Return the client of a service, by boto3's name for it.

        Raises:
            AttributeError: AWS has no such service.
        """
        if service.startswith("_") or service not in self._services:
            raise AttributeError(f"boto3 has no service {service!r}")
        with self._lock:  # boto3 sessions are not safe to create clients from in several threads
            if service not in self.__dict__:
                # As an instance attribute, which Python finds from then on without this method.
                setattr(self, service, self._create(service))
            return self.__dict__[service]

    def _create(self, service: str) -> Any:
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
        client = self._session.client(  # pyright: ignore[reportCallIssue]
            service,  # pyright: ignore[reportArgumentType]
            endpoint_url=self._endpoint_url,
            region_name=self._region,
            aws_access_key_id=self._credential.access_key_id,
            aws_secret_access_key=self._credential.secret_access_key,
            config=config,
        )
        client.meta.events.register("provide-client-params.*.*", creation.note)
        client.meta.events.register("before-call.*.*", creation.mark)
        return client
