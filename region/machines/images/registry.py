"""Fetches an image from a container registry by its HTTP API, without Docker.

https://distribution.github.io/distribution/spec/api/ and the OCI image specification. Every blob is
verified by its digest before anything reads it.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import platform
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from region.machines.images.errors import ImageError

CONNECT_TIMEOUT_S = 5.0
_LARGEST_DOCUMENT = 4 * 1024**2
_CHUNK = 1 << 20
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
Report = Callable[[int], None]


@dataclass(frozen=True)
class Blob:
    """One layer: its digest and its size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """An image for one platform: the digest of its manifest, and its layers, the lowest first."""

    digest: str
    layers: tuple[Blob, ...]


class Registry:
    """One repository of one registry, read anonymously.

    Args:
        host: Such as "public.ecr.aws"; with a port, "127.0.0.1:5000".
        repository: Such as "amazonlinux/amazonlinux".
        scheme: "http" is for registries on this computer only.
    """

    def __init__(self, host: str, repository: str, *, scheme: str = "https") -> None:
        self._host = host
        self._repository = repository
        self._base = f"{scheme}://{host}/v2/{repository}"
        self._scheme = scheme
        self._token = ""

    def manifest(self, reference: str) -> Manifest:
        """Return the image that a tag or a digest stands for on this computer's architecture.

        Raises:
            ImageError: If the registry cannot be reached or has no such image.
        """
        document, digest = self._document(reference)
        if document.get("mediaType") in _INDEXES or "manifests" in document:
            document, digest = self._document(self._for_this_platform(document))
        try:
            layers = tuple(_blob(layer) for layer in document["layers"])
        except (KeyError, TypeError, ValueError) as error:
            raise ImageError(
                f"{self._name(reference)} is not a container image ({error})."
            ) from error
        return Manifest(digest, layers)

    def fetch(self, blob: Blob, target: Path, report: Report = lambda _done: None) -> None:
        """Write a blob to `target`; `report` is called with the bytes that are done.

        Raises:
            ImageError: If it cannot be fetched, or is not what its digest says; then no file stays.
        """
        digest = hashlib.sha256()
        done = 0
        try:
            with self._open(f"/blobs/{blob.digest}", "*/*") as answer, target.open("wb") as file:
                while chunk := self._read(answer, _CHUNK):
                    digest.update(chunk)
                    done += len(chunk)
                    if done > blob.size:
                        break
                    file.write(chunk)
                    report(done)
            actual = f"sha256:{digest.hexdigest()}"
            if done != blob.size or actual != blob.digest:
                raise ImageError(
                    f"{self._host} sent {done} bytes with the digest {actual} for the blob "
                    f"{blob.digest} of {blob.size} bytes: the transfer is incomplete or not what "
                    "was asked for; try again."
                )
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _document(self, reference: str) -> tuple[dict[str, Any], str]:
        with self._open(f"/manifests/{reference}", ", ".join((*_INDEXES, *_MANIFESTS))) as answer:
            content = self._read(answer, _LARGEST_DOCUMENT)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if reference.startswith("sha256:") and reference != digest:
            raise ImageError(
                f"{self._host} sent a manifest with the digest {digest} for {reference}; try again."
            )
        try:
            document = json.loads(content)
        except ValueError as error:
            raise ImageError(f"{self._name(reference)} is not a manifest ({error}).") from error
        if not isinstance(document, dict):
            raise ImageError(f"{self._name(reference)} is not a manifest.")
        return document, digest

    def _for_this_platform(self, index: dict[str, Any]) -> str:
        wanted = _ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower())
        for entry in index.get("manifests", ()):
            where = entry.get("platform", {})
            if (where.get("os"), where.get("architecture")) == ("linux", wanted):
                return _checked(str(entry.get("digest")))
        raise ImageError(f"{self._host}/{self._repository} has no image for linux/{wanted}.")

    def _name(self, reference: str) -> str:
        return f"{self._host}/{self._repository}:{reference}"

    def _read(self, answer: http.client.HTTPResponse, count: int) -> bytes:
        try:
            return answer.read(count)
        except (OSError, http.client.HTTPException) as error:
            raise ImageError(
                f"The transfer from {self._host} broke off ({error}); try again."
            ) from error

    def _open(self, path: str, accept: str) -> http.client.HTTPResponse:
        """Open a path of the repository; where the registry asks for a token, fetch one first."""
        try:
            return self._request(self._base + path, accept)
        except urllib.error.HTTPError as error:
            if error.code != http.client.UNAUTHORIZED or self._token:
                raise self._refused(path, error) from error
            challenge = error.headers.get("WWW-Authenticate", "")
        self._token = self._anonymous_token(challenge)
        try:
            return self._request(self._base + path, accept)
        except urllib.error.HTTPError as error:
            raise self._refused(path, error) from error

    def _refused(self, path: str, error: urllib.error.HTTPError) -> ImageError:
        return ImageError(
            f"{self._host} answered {error.code} {error.reason} for {self._repository}{path}; "
            "try again later, or use another image."
        )

    def _anonymous_token(self, challenge: str) -> str:
        kind, _, rest = challenge.partition(" ")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        realm = fields.get("realm", "")
        if kind.lower() != "bearer" or not realm.startswith(f"{self._scheme}://"):
            raise ImageError(
                f"{self._host} asks for a login ({challenge!r}), which is not supported."
            )
        query = {key: fields[key] for key in ("service", "scope") if key in fields}
        url = f"{realm}?{urllib.parse.urlencode(query)}"
        try:
            with self._request(url, "application/json") as answer:
                document = json.loads(self._read(answer, _LARGEST_DOCUMENT))
            return str(document.get("token") or document["access_token"])
        except (urllib.error.HTTPError, ValueError, KeyError, AttributeError) as error:
            raise ImageError(
                f"{self._host} gave no anonymous token ({error}); try again."
            ) from error

    def _request(self, url: str, accept: str) -> http.client.HTTPResponse:
        request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 - http(s), checked
        if self._token:
            # Not sent on to where a blob is redirected: that is another host's business.
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            return urllib.request.urlopen(request, timeout=CONNECT_TIMEOUT_S)  # noqa: S310
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise ImageError(
                f"{self._host} cannot be reached ({reason}); use an image that is on this computer: "
                "--image host, a directory or a tarball."
            ) from error


def _blob(layer: dict[str, Any]) -> Blob:
    kind = str(layer.get("mediaType", ""))
    if "zstd" in kind:
        raise ImageError(f"A layer has the type {kind}, which is not supported; use another image.")
    return Blob(_checked(str(layer["digest"])), int(layer["size"]))


def _checked(digest: str) -> str:
    """Reject what is not a digest: it becomes part of a URL and of a file name."""
    if not _DIGEST.fullmatch(digest):
        raise ImageError(f"The registry names the digest {digest!r}, which is none.")
    return digest
