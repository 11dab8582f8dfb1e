"""Download of a revision from S3, and its safe extraction (zip-slip, links and size checked)."""

from __future__ import annotations

import stat
import zipfile
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from region.credentials import Credential
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.machines.errors import BundleError

# The root volume of the image has 8 GiB; a revision that unpacks to more could not be installed.
_MAX_UNPACKED_BYTES = 8 * 1024**3
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


def unpack(bundle: Path, archive: Path) -> None:
    """Unpack a zip into the new directory `archive`.

    Raises:
        BundleError: For entries or links that lead out of it, special files and too much content.
    """
    try:
        with zipfile.ZipFile(bundle) as opened:
            entries = opened.infolist()
            _check_size(entries)
            archive.mkdir(parents=True)
            links = [entry for entry in entries if _kind(entry) == stat.S_IFLNK]
            for entry in entries:
                if entry not in links:
                    _extract(opened, entry, archive)
            # Links come last, so that no entry can be written through one.
            for entry in links:
                _link(opened, entry, archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise BundleError(f"The revision is not a zip that can be unpacked: {error}.") from error
    _check_links(archive)


def _check_size(entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > _MAX_UNPACKED_BYTES:
        raise BundleError(
            f"The revision unpacks to {total} bytes, more than the {_MAX_UNPACKED_BYTES} of the "
            "instance's disk; remove what the service does not need."
        )


def _mode(entry: zipfile.ZipInfo) -> int:
    return entry.external_attr >> 16


def _kind(entry: zipfile.ZipInfo) -> int:
    """Return the file type; zips made without Unix attributes contain plain files."""
    return stat.S_IFMT(_mode(entry)) or (stat.S_IFDIR if entry.is_dir() else stat.S_IFREG)


def _target(entry: zipfile.ZipInfo, archive: Path) -> Path:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or not path.parts:
        raise BundleError(
            f"The revision contains the entry {entry.filename!r}, which leads out of it; "
            "zip it from within its root directory."
        )
    return archive.joinpath(*path.parts)


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: Path) -> None:
    target = _target(entry, archive)
    kind = _kind(entry)
    if entry.is_dir() or kind == stat.S_IFDIR:
        target.mkdir(parents=True, exist_ok=True)
        return
    if kind != stat.S_IFREG:
        raise BundleError(
            f"The revision contains {entry.filename!r}, which is not a file, a directory or a link; "
            "remove it."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
    target.chmod((_mode(entry) & 0o777) or 0o644)


def _link(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: Path) -> None:
    target = _target(entry, archive)
    destination = opened.read(entry).decode(errors="surrogateescape")
    if not destination or destination.startswith("/"):
        raise BundleError(
            f"The link {entry.filename!r} of the revision points to {destination!r}; "
            "only relative links within the revision are unpacked."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(destination)


def _check_links(archive: Path) -> None:
    """Reject links that lead out of the archive, directly or through others."""
    root = archive.resolve()
    for path in archive.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise BundleError(
                f"The link {path.relative_to(archive).as_posix()!r} of the revision leads out of "
                "it; only links within the revision are unpacked."
            )
