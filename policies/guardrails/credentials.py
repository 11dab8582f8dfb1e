"""Recognizes credentials in texts, and names that promise one. Never returns the credential itself."""

from __future__ import annotations

import re
from typing import Any

from guardrails.values import UNKNOWN

_TOKENS = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    ("an API key of OpenAI or Anthropic", r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{32,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a Slack webhook", r"https://hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"),
    ("a bearer token", r"\b[Bb]earer\s+eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{16,}"),
)

# A value that is read from elsewhere when the instance starts: a variable, a command, a reference.
_REFERENCE = r"[$`<{%*\\/]|arn:|ssm:|secretsmanager:|op:|vault:"
_IN_ADDRESS = re.compile(
    rf"\b[a-z][a-z0-9+.-]*://[^\s:/@\"'$]*:(?!{_REFERENCE})([^\s/@\"'$]+)@[^\s/]", re.IGNORECASE
)
_ASSIGNED = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)[\"']?\s*(?::=|[=:])[ \t]*(?P<quote>[\"']?)(?P<value>[^\s\"';,&|]+)"
)
_EXPRESSION = re.compile(r"[(\[]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
"""What code assigns without quotes: a call, an element, an attribute."""

_LOGIN = re.compile(
    rf"\b(?:docker|podman|helm|az|npm|vault)\b[^\n|;&]*\blogin\b[^\n|;&]*\s"
    rf"(?:-p|--password|--token)[ =]+(?P<quote>[\"']?)(?!{_REFERENCE}|[\"'-])[^\s\"']{{4,}}"
)
_PIPED = re.compile(r"[\"']?\w+:[^\s\"'$`]{4,}[\"']?\s*\|\s*(?:sudo\s+)?chpasswd")
_LISTED = re.compile(
    r"\bchpasswd:\s*\n(?:[^\n]*\n){0,3}?\s*(?:-\s*)?\w+:(?!R\b|RANDOM\b|[\s$*!])[^\s$]{4,}"
)
_USER = re.compile(
    rf"\b(?:curl|wget|http)\b[^\n|;&]*\s(?:-u|--user)[ =]*[\"']?[\w.@-]+:"
    rf"(?!{_REFERENCE}|[\"'\s])[^\s\"']{{4,}}"
)
_SHORT_OPTION = re.compile(
    rf"\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass)\b[^\n|;&]*\s-p(?!{_REFERENCE}|[\"'\s]|assword|[\d:.]+(?:\s|$))"
    r"[^\s\"'$]{4,}"
)
_PASSWORD_FILE = re.compile(
    rf"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+[\"']?(?!{_REFERENCE}|[\"'])[^\s\"']{{4,}}"
)
_CONFIGURED = re.compile(
    rf"\b(?:aws\s+configure\s+set|npm\s+config\s+set|git\s+config)\b[^\n|;&]*"
    rf"(?:secret_access_key|_authToken|password)[ =][\"']?(?!{_REFERENCE}|[\"'])[^\s\"']{{8,}}"
)
_POSTGRES_FILE = re.compile(
    r"[\w.*-]+:(?:\d+|\*):[\w*]+:\w+:(?![$*])[^\s:\"'$]{4,}[\"']?\s*>>?\s*\S*\.pgpass"
)

_SHAPES = (
    ("a password in an address", _IN_ADDRESS),
    ("the password of a login", _LOGIN),
    ("a password for chpasswd", _PIPED),
    ("a password for chpasswd", _LISTED),
    ("the password of a request", _USER),
    ("the password of a command", _SHORT_OPTION),
    ("a password for htpasswd", _PASSWORD_FILE),
    ("a credential of a client's configuration", _CONFIGURED),
    ("a password for .pgpass", _POSTGRES_FILE),
)

_WORDS = frozenset({"password", "passwd", "passphrase", "pwd", "secret", "token", "credentials"})
_PAIRS = frozenset(
    {
        "api key",
        "private key",
        "access key",
        "secret key",
        "signing key",
        "encryption key",
        "master key",
        "jwt key",
        "hmac key",
        "key base",
    }
)
_LOGINS = frozenset(
    {
        "admin", "database", "db", "email", "ftp", "ldap", "mail", "mariadb", "mongo", "mongodb",
        "mysql", "pg", "postgres", "rabbitmq", "redis", "root", "service", "smtp", "sql", "user",
    }
)  # fmt: skip
"""Before the word pass: of a `BOARDING_PASS` nobody is to know the number."""
_ONE = frozenset({"apikey", "pgpassword", "dbpassword", "secretkey", "accesskey", "privatekey"})
_HARMLESS = re.compile(
    rf"^(?:{_REFERENCE})|^(?:true|false|yes|no|none|null|required|optional|managed|\d{{1,3}})$"
    r"|^(?:change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|this)|placeholder|dummy|example|todo|tbd|fixme|"
    r"unset|redacted|(?:your|to[-_ ]be|set[-_ ]by)[-_ ][\w -]*|x{3,}|\.{3,})[\W_]*$",
    re.IGNORECASE,
)
"""What stands for no credential: a reference, a switch, and a word that is written until there is one."""


def promises_credential(name: str) -> bool:
    """Return whether what has this name holds a credential itself: `db_password`, `apiKey`.

    `password_policy`, `secret_arn` and `token_url` do not.
    """
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = [word for word in re.split(r"[^A-Za-z0-9]+", split.lower()) if word]
    if words and words[-1] in ("value", "plaintext", "string"):
        words.pop()
    if words and words[-1] in ("pass", "pw"):
        return len(words) == 1 or words[-2] in _LOGINS
    return bool(words) and (
        words[-1] in _WORDS or words[-1] in _ONE or " ".join(words[-2:]) in _PAIRS
    )


def is_plain(value: Any, name: str = "") -> bool:
    """Return whether a value is a text that stands for itself, not a reference to a secret.

    `DB_SECRET=production/database` gives a secret's name.
    """
    if not isinstance(value, str) or len(value) < 4 or _HARMLESS.match(value.strip()):
        return False
    if ".*" in value:  # an expression that looks for one
        return False
    return not (name.lower().endswith(("secret", "credentials")) and "/" in value)


def credential_in(text: Any) -> str | None:
    """Return what kind of credential a text contains, as a noun with its article, else `None`."""
    if not isinstance(text, str) or text is UNKNOWN:
        return None
    for noun, pattern in _TOKENS:
        if re.search(pattern, text):
            return noun
    for noun, shape in _SHAPES:
        if shape.search(text):
            return noun
    for found in _ASSIGNED.finditer(text):
        name, value = found["name"], found["value"]
        expression = not found["quote"] and _EXPRESSION.search(value)
        if promises_credential(name) and is_plain(value, name) and not expression:
            return f"a value for {name}"
    return None
