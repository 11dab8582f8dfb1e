"""What a listener with TLS presents to clients, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its chain and its private key, as PEM.

    Attributes:
        name: The name of its file, without a directory.
    """

    name: str
    pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tls:
    """How clients are served over TLS.

    Attributes:
        certificates: The default one first; one of the others if it is for the name that a client asks for.
        oldest: The oldest version of TLS that it accepts, `TLSv1.0` to `TLSv1.3`.
        newest: The newest.
        ciphers: Of TLS 1.2 and before, in order of preference, as OpenSSL names them.
        suites: Of TLS 1.3.
        http2: Whether clients may speak HTTP/2.
    """

    certificates: tuple[Certificate, ...]
    oldest: str = "TLSv1.2"
    newest: str = "TLSv1.3"
    ciphers: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    http2: bool = True

    @property
    def options(self) -> str:
        """The options of HAProxy's `bind` that say so, apart from the certificates."""
        words = [f"ssl-min-ver {self.oldest} ssl-max-ver {self.newest}"]
        if self.ciphers:
            # OpenSSL 3 takes no TLS 1.0 and 1.1 at the level of security that is usual today.
            level = [] if self.oldest in {"TLSv1.2", "TLSv1.3"} else ["@SECLEVEL=0"]
            words.append(f"ciphers {':'.join([*self.ciphers, *level])}")
        if self.suites:
            words.append(f"ciphersuites {':'.join(self.suites)}")
        words.append(f"alpn {'h2,' if self.http2 else ''}http/1.1")
        return " ".join(words)
