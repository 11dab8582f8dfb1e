"""Fetching from a registry: one on this computer, which can also do everything wrong."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from region.machines.images import ImageError
from region.machines.images.amazon_linux import al2023, fetched
from region.machines.images.registry import Blob, Registry
from tests.region.machines.images.roots import tarball

REPOSITORY = "amazonlinux/amazonlinux"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class FakeRegistry:
    """A registry with one image for several platforms."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.challenge = True
        self.redirect = False
        self.truncate = 0
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def client(self) -> Registry:
        return Registry(self.host, REPOSITORY, scheme="http")

    def publish(self, *layers: bytes) -> str:
        for layer in layers:
            self.blobs[digest_of(layer)] = layer
        manifest = json.dumps({
            "schemaVersion": 2,
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                 "digest": digest_of(layer), "size": len(layer)}
                for layer in layers
            ],
        }).encode()  # fmt: skip
        self.manifests[digest_of(manifest)] = manifest
        platforms = [
            {"digest": digest_of(manifest), "platform": {"os": "linux", "architecture": name}}
            for name in ("amd64", "arm64")
        ]
        other = {"digest": digest_of(b""), "platform": {"os": "linux", "architecture": "s390x"}}
        self.manifests["2023"] = json.dumps({"manifests": [other, *platforms]}).encode()
        return digest_of(manifest)

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        path, token = request.path, request.headers["Authorization"]
        self.requests.append((path, token))
        if path.startswith("/token/"):
            return self.send(request, 200, b'{"token": "anonymous"}')
        if path.startswith("/elsewhere/"):
            return self.send(request, 200, self.blobs[path.removeprefix("/elsewhere/")])
        if self.challenge and token != "Bearer anonymous":
            realm = f'Bearer realm="http://{self.host}/token/",service="fake",scope="aws"'
            return self.send(request, 401, b"", ("WWW-Authenticate", realm))
        kind, name = path.removeprefix(f"/v2/{REPOSITORY}/").split("/")
        found = (self.manifests if kind == "manifests" else self.blobs).get(name)
        if found is None:
            return self.send(request, 404, b"{}")
        if kind == "blobs" and self.redirect:
            where = f"http://{self.host.replace('127.0.0.1', 'localhost')}/elsewhere/{name}"
            return self.send(request, 307, b"", ("Location", where))
        return self.send(request, 200, found)

    def send(
        self,
        request: http.server.BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        *headers: tuple[str, str],
    ) -> None:
        request.send_response(status)
        for header in (("Content-Length", str(len(body))), *headers):
            request.send_header(*header)
        request.end_headers()
        request.wfile.write(body[: len(body) - self.truncate] if status == 200 else body)
        request.close_connection = bool(self.truncate)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    made = FakeRegistry()
    yield made
    made.server.shutdown()
    made.server.server_close()


def blob_of(content: bytes) -> Blob:
    return Blob(digest_of(content), len(content))


def test_a_blob_is_fetched_with_an_anonymous_token(registry: FakeRegistry, tmp_path: Path):
    digest = registry.publish(b"first", b"second")
    client = registry.client()
    manifest = client.manifest("2023")
    assert manifest.digest == digest
    assert manifest.layers == (blob_of(b"first"), blob_of(b"second"))
    done: list[int] = []
    client.fetch(manifest.layers[1], tmp_path / "blob", done.append)
    assert (tmp_path / "blob").read_bytes() == b"second"
    assert done == [6]
    tokens = [path for path, _ in registry.requests if path.startswith("/token/")]
    assert tokens == ["/token/?service=fake&scope=aws"]


def test_a_registry_without_tokens_is_read_without(registry: FakeRegistry):
    registry.challenge = False
    registry.publish(b"first")
    registry.client().manifest("2023")
    assert {token for _, token in registry.requests} == {None}


def test_the_token_is_not_sent_to_where_a_blob_is_redirected(
    registry: FakeRegistry, tmp_path: Path
):
    registry.redirect = True
    registry.publish(b"first")
    client = registry.client()
    client.fetch(client.manifest("2023").layers[0], tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == b"first"
    assert [token for path, token in registry.requests if path.startswith("/elsewhere/")] == [None]


@pytest.mark.parametrize("wrong", [b"other", b"longer than it should be", b""])
def test_a_blob_that_is_not_what_its_digest_says_is_rejected(
    wrong: bytes, registry: FakeRegistry, tmp_path: Path
):
    registry.publish(b"first")
    registry.blobs[digest_of(b"first")] = wrong
    with pytest.raises(ImageError, match=f"sent .* for the blob {digest_of(b'first')}"):
        registry.client().fetch(blob_of(b"first"), tmp_path / "blob")
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_blob_is_rejected(registry: FakeRegistry, tmp_path: Path):
    content = b"x" * 10_000
    registry.publish(content)
    registry.challenge = False
    registry.truncate = 100
    with pytest.raises(ImageError, match=r"incomplete|broke off"):
        registry.client().fetch(blob_of(content), tmp_path / "blob")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_is_not_what_its_digest_says_is_rejected(registry: FakeRegistry):
    digest = registry.publish(b"first")
    registry.manifests[digest] = registry.manifests[digest].replace(b"2", b"3")
    with pytest.raises(ImageError, match="manifest with the digest"):
        registry.client().manifest("2023")


@pytest.mark.parametrize("digest", ["sha256:../../etc", "md5:0", ""])
def test_what_is_no_digest_is_rejected(digest: str, registry: FakeRegistry):
    layer = {"mediaType": "x", "digest": digest, "size": 1}
    registry.manifests["2023"] = json.dumps({"layers": [layer]}).encode()
    with pytest.raises(ImageError, match="which is none"):
        registry.client().manifest("2023")


def test_an_image_for_other_computers_only_is_an_error(registry: FakeRegistry):
    registry.manifests["2023"] = b'{"manifests": []}'
    with pytest.raises(ImageError, match="no image for linux/"):
        registry.client().manifest("2023")


def test_an_unknown_tag_is_an_error(registry: FakeRegistry):
    with pytest.raises(ImageError, match="answered 404"):
        registry.client().manifest("2022")


def test_a_registry_that_asks_for_a_password_is_an_error(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
):
    def basic(request: http.server.BaseHTTPRequestHandler) -> None:
        registry.send(request, 401, b"", ("WWW-Authenticate", 'Basic realm="x"'))

    monkeypatch.setattr(registry, "answer", basic)
    with pytest.raises(ImageError, match="asks for a login"):
        registry.client().manifest("2023")


def test_without_a_network_the_message_names_another_image():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = Registry(f"127.0.0.1:{taken.getsockname()[1]}", REPOSITORY, scheme="http")
        with pytest.raises(ImageError, match=r"cannot be reached .*--image host"):
            closed.manifest("2023")


@pytest.fixture
def published(registry: FakeRegistry, small_root: Path, tmp_path: Path) -> FakeRegistry:
    """A registry with a small system in two layers."""
    import tarfile

    with tarfile.open(tmp_path / "0.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(small_root, ".")
    upper = tarball(tmp_path / "1.tar", {"etc/marker": b"upper", "etc/.wh.os-release": b""})
    registry.publish((tmp_path / "0.tar.gz").read_bytes(), upper.read_bytes())
    return registry


def test_amazon_linux_is_fetched_once(published: FakeRegistry, cache: Path):
    assert fetched(cache) is None
    first = al2023(cache, published.client())
    count = len(published.requests)
    etc = next(o for o in first.overlays if o.destination == "/etc").lowers
    assert (etc[-1] / "marker").read_bytes() == b"upper"
    assert not (etc[-1] / "os-release").exists()
    assert "Amazon Linux 2023 (sha256:" in first.description
    assert al2023(cache, published.client()) == first
    assert fetched(cache) == first
    assert len(published.requests) == count


def test_a_failed_transfer_leaves_nothing_behind(published: FakeRegistry, cache: Path):
    right = dict(published.blobs)
    published.blobs.update(dict.fromkeys(right, b"wrong"))
    with pytest.raises(ImageError, match="incomplete or not what was asked for"):
        al2023(cache, published.client())
    assert not (cache / "al2023.json").exists()
    assert list((cache / "roots").iterdir()) == []
    published.blobs.update(right)
    al2023(cache, published.client())
