"""Requests that a web page made a browser send, recognized by the headers that browsers always send.

A page may let its visitor's browser call any port of the visitor's own computer. Such a request carries
the page's `Origin`, the `Sec-Fetch-Site` of current browsers, or, where the page's own host name was
made to resolve to 127.0.0.1 (DNS rebinding), that name as its `Host`. Programs send none of these.
"""

from __future__ import annotations

from collections.abc import Collection


def objection(
    host: str | None, origin: str | None, fetch_site: str | None, hosts: Collection[str]
) -> str | None:
    """Return why a request with these headers is refused, None if it is not.

    `hosts` are the values of `Host` that name this listener. The answer repeats nothing that the
    request contains.
    """
    if origin is not None or fetch_site not in {None, "none"}:
        return "Requests of web pages are refused: call the local region from a program."
    if (host or "").lower() not in hosts:
        return (
            "The Host of this request is not the local region's: use the address that "
            "`python -m rehearsal env` prints."
        )
    return None
