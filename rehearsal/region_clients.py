"""boto3 clients for the region of a project."""

from __future__ import annotations

from typing import Any

import boto3

from rehearsal.pulumi_project import Project


class RegionClients:
    """Clients by the name of their service."""

    def __init__(self, project: Project) -> None:
        """Use the region of `project` and nothing else: no profile, no variable of the user's."""
        env = project.environment()
        self._endpoint = env["AWS_ENDPOINT_URL"]
        self._session = boto3.Session(
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            region_name=env["AWS_REGION"],
        )
        self._made: dict[str, Any] = {}

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service, such as `ec2`."""
        if service not in self._made:
            self._made[service] = self._session.client(service, endpoint_url=self._endpoint)
        return self._made[service]
