"""Download of a revision from S3. `inside/unpack.py` unpacks it, confined to the machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from region.credentials import Credential
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.machines.errors import BundleError

MAX_UNPACKED_BYTES = 8 * 1024**3
"""The root volume of the image; a revision that unpacks to more could not be installed."""

_CHUNK = 1024 * 1024


@cache
def s3_client(endpoint: str, region: str, credential: Credential) -> Any:
    """Return an S3 client of the local region; `credential` is given, so no other is looked up."""
    return Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=credential.access_key_id,
        aws_secret_access_key=credential.secret_access_key,
        aws_session_token=credential.session_token,
        config=Config(
            s3={"addressing_style": "path"},
            proxies={},
            connect_timeout=5,
            read_timeout=60,
            retries={"total_max_attempts": 4, "mode": "standard"},
        ),
    )


def download(client: Any, deployment: AgentDeployment, target: Path) -> None:
    """Write the revision to `target`.

    Raises:
        BundleError: If it does not exist, or its ETag is another than the deployment's.
    """
    wanted = {"Bucket": deployment.bucket, "Key": deployment.key}
    name = f"s3://{deployment.bucket}/{deployment.key}"
    etag = deployment.etag
    if deployment.version_id:
        wanted["VersionId"] = deployment.version_id
        name += f" (version {deployment.version_id})"
    try:
        found = client.get_object(**wanted)
        actual = str(found["ETag"]).strip('"')
        if etag and actual != etag.strip('"'):
            raise BundleError(
                f"{name} has the ETag {actual}, the deployment expects {etag}; "
                "create a new deployment for the present object."
            )
        with target.open("wb") as file:
            file.writelines(found["Body"].iter_chunks(_CHUNK))
    except (ClientError, BotoCoreError) as error:
        raise BundleError(f"{name} could not be downloaded: {error}.") from error
