"""Where an answer redirects to, written as Node's URL writes it (WHATWG URL Standard).

`urljoin` and Locust's own client write it otherwise: for Node, a percent sign that encodes nothing stays.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_REFERENCE = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?")
"""Scheme, authority, path and query; what follows `#` is not sent."""
_KEPT = "!#$%&()*+,/:;=?@[]|\\~"
_IN_PATH, _IN_QUERY = f"{_KEPT}'", f"{_KEPT}^`{{}}"


def resolve(base: str, to: str) -> str:
    """Return the URL that a `Location` means for a request to `base`.

    `to` is as HTTP clients of Python read headers: each byte a character. What is no UTF-8 is replaced.
    """
    own_scheme, own_host, own_path, own_query = _parts(base)
    read = to.encode("latin-1", "replace").decode("utf-8", "replace").replace("\t", "").strip()
    start = re.split(r"[?#]", read, maxsplit=1)[0]
    scheme, host, path, query = _parts(start.replace("\\", "/") + read[len(start) :])
    if scheme and scheme not in ("http", "https"):
        return to
    if not host:
        host = own_host
        if not path:
            path, query = own_path, query or own_query
        elif not path.startswith("/"):
            path = own_path[: own_path.rfind("/") + 1] + path
    written = quote(_climbed(path), safe=_IN_PATH) + quote(query, safe=_IN_QUERY)
    return f"{scheme or own_scheme}://{host}{written}"


def _parts(url: str) -> tuple[str, str, str, str]:
    found = _REFERENCE.match(url)
    scheme, host, path, query = found.groups(default="") if found else ("", "", url, "")
    return scheme.lower(), host, path, query


def _climbed(path: str) -> str:
    """Return a path from the root on, without its steps `.` and `..`."""
    kept = list[str]()
    *steps, last = path.removeprefix("/").split("/")
    for step in (*steps, last):
        match re.sub("%2e", ".", step, flags=re.IGNORECASE):
            case ".":
                pass
            case "..":
                del kept[-1:]
            case _:
                kept.append(step)
    if re.fullmatch(r"(\.|%2e){1,2}", last, re.IGNORECASE):
        kept.append("")  # of `/a/..` the slash stays
    return "/" + "/".join(kept)
