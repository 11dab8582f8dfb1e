"""The backend; Django looks for this module and class."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import boto3
from django.conf import settings
from django.db.backends.postgresql import base

FRESH_S = 60


class Credentials:
    """User and password of the database.

    RDS rotates the password every seven days, so each new connection asks; what was read is good for
    a minute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: dict[str, str] = {}
        self._read_at = 0.0

    def get(self) -> dict[str, str]:
        """Return the parameters `user` and `password` of a connection."""
        with self._lock:
            if not self._value or time.monotonic() - self._read_at > FRESH_S:
                # The endpoint and the instance's role come from the environment and its metadata;
                # of the Region boto3 reads only AWS_DEFAULT_REGION.
                client = boto3.client("secretsmanager", region_name=settings.AWS_REGION)
                answer = client.get_secret_value(SecretId=settings.DATABASE_SECRET_ARN)
                secret = json.loads(answer["SecretString"])
                self._value = {"user": secret["username"], "password": secret["password"]}
                self._read_at = time.monotonic()
            return self._value


CREDENTIALS = Credentials()


class DatabaseWrapper(base.DatabaseWrapper):
    """Adds the credentials to whatever opens a connection."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters of a new connection."""
        return {**super().get_connection_params(), **CREDENTIALS.get()}
