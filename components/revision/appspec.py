"""Checks of a revision's appspec.yml against its files, before anything is deployed. Pure.

CodeDeploy would report the same problems, but only on the instances, one failed deployment later.
What the file itself means is defined in the package `appspec`, which the region's agent reads too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from appspec import AppSpec, FileMapping, Finding, Script, read
from appspec.events import HOOK_EVENTS
from components.errors import ConfigurationError

APPSPEC = "appspec.yml"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_FIRST_LINE = 256


def check_appspec(source: Path, members: Iterable[Path]) -> tuple[str, ...]:
    """Reject a revision whose deployment is certain to fail.

    Args:
        source: The revision's directory.
        members: The files of it that are deployed.

    Returns:
        What will have no effect, or probably not the one that was meant: one line each.

    Raises:
        ConfigurationError: One line per problem, with file and line number.
    """
    path = source / APPSPEC
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: it is not UTF-8 text ({error.reason}); save it as UTF-8."
        ) from error
    reading = read(text)
    problems = list(reading.errors)
    if reading.spec is not None:
        revision = _Revision(source, members)
        problems += [
            *_unknown_events(reading.spec),
            *_scripts(reading.spec, revision),
            *_sources(reading.spec, revision),
            *_duplicates(reading.spec, revision),
            *_permissions(reading.spec, revision),
        ]
    if problems:
        raise ConfigurationError("\n".join(found.at(str(path)) for found in sorted(problems)))
    return tuple(hint.at(str(path)) for hint in reading.hints)


class _Revision:
    """The files that are deployed, by their paths in the revision."""

    def __init__(self, source: Path, members: Iterable[Path]) -> None:
        self.source = source
        self.files = frozenset(member.relative_to(source).as_posix() for member in members)

    def below(self, name: str) -> dict[str, str]:
        """Return the files of the directory `name`, by their paths in it; "." is the root."""
        prefix = "" if name == "." else f"{name}/"
        return {file.removeprefix(prefix): file for file in self.files if file.startswith(prefix)}


def _normal(name: str) -> str:
    """Return a path as the agent finds it: for it `/` is the root of the revision."""
    return posixpath.normpath(name.strip().lstrip("/") or ".")


def _leads_out(name: str) -> bool:
    return _normal(name).split("/", 1)[0] == ".."


def _unknown_events(spec: AppSpec) -> Iterator[Finding]:
    for event in spec.unknown_events:
        yield Finding(
            spec.hook_lines[event],
            f'"{event}" is not a lifecycle event of EC2, which fails the Install '
            f"event; use {', '.join(HOOK_EVENTS)}.",
        )


def _scripts(spec: AppSpec, revision: _Revision) -> Iterator[Finding]:
    for event, scripts in spec.hooks.items():
        # The scripts of the others never run.
        for script in scripts if event in HOOK_EVENTS else ():
            problem = _script_problem(script, revision)
            if problem:
                yield Finding(script.line, f'the script "{script.location}" for {event} {problem}')


def _script_problem(script: Script, revision: _Revision) -> str | None:
    """Return the end of a sentence about what keeps a script from running, None if nothing does."""
    if _leads_out(script.location):
        return "lies outside the revision; only the files of the revision are deployed."
    name = _normal(script.location)
    if name not in revision.files:
        return "is not a file of the revision; add it or remove the hook."
    if len(script.location.split()) > 1:
        return "has a space in its path, which ends there for the agent; rename it."
    with (revision.source / name).open("rb") as stream:
        first = stream.readline(_LONGEST_FIRST_LINE)
    if first.startswith(b"#!") and first.endswith(b"\r\n"):
        interpreter = first[2:-1].decode(errors="replace").strip(" ")
        return (
            f"has Windows line ends (CR LF): Linux takes {interpreter!r} for its interpreter; save "
            "it with LF (`*.sh text eol=lf` in .gitattributes keeps it so)."
        )
    if first.startswith(_BYTE_ORDER_MARK):
        return (
            "begins with a byte order mark (BOM), so Linux does not see its `#!`; save it as UTF-8 "
            "without BOM."
        )
    return None


def _sources(spec: AppSpec, revision: _Revision) -> Iterator[Finding]:
    for mapping in spec.files:
        name = _normal(mapping.source)
        if _leads_out(mapping.source):
            yield Finding(
                mapping.line,
                f'files installs "{mapping.source}", which lies outside the revision; '
                "move it into the revision.",
            )
        elif name not in revision.files and not revision.below(name):
            yield Finding(
                mapping.line,
                f'files installs "{mapping.source}", but the revision has no such file or '
                f"directory with files{_about_paths(mapping.source)}; add it or remove the entry.",
            )


def _about_paths(source: str) -> str:
    """Say what an absolute path means, where it was probably one of the author's computer."""
    return " (`/` is the revision's root)" if source.strip("/ ") and source[0] == "/" else ""


def _copies(mapping: FileMapping, revision: _Revision) -> dict[str, str]:
    """Return what an entry of `files` copies: paths in the revision by destination."""
    name = _normal(mapping.source)
    found = {posixpath.basename(name): name} if name in revision.files else revision.below(name)
    return {
        posixpath.normpath(posixpath.join(mapping.destination, inside)): file
        for inside, file in found.items()
    }


def _duplicates(spec: AppSpec, revision: _Revision) -> Iterator[Finding]:
    """Yield entries that install to where another one does (install_instruction.rb, `copy`)."""
    seen: dict[str, str] = {}
    for mapping in spec.files:
        copies = _copies(mapping, revision)
        both = min(copies.keys() & seen.keys(), default=None)
        if both is not None:
            yield Finding(
                mapping.line,
                f'files installs both "{seen[both]}" and "{copies[both]}" as {both}; '
                "remove one of the two entries.",
            )
        seen |= copies


def _permissions(spec: AppSpec, revision: _Revision) -> Iterator[Finding]:
    """Yield what the agent rejects for a file (linux_permission_info.rb)."""
    copies: set[str] = set()
    for mapping in spec.files:
        copies |= _copies(mapping, revision).keys()
    seen: set[str] = set()
    for permission in spec.permissions:
        name = posixpath.normpath(permission.object)
        if name not in copies or "file" not in permission.type:
            continue
        if permission.pattern != "**" or permission.exclude:
            yield Finding(
                permission.line,
                f"permissions names the file {name}, for which `pattern` and `except` are "
                "rejected; remove them, or name its directory.",
            )
        if permission.default_acl:
            yield Finding(
                permission.line,
                f"permissions gives the file {name} a default entry in `acls`, which only "
                "directories can have; remove it.",
            )
        if name in seen:
            yield Finding(
                permission.line,
                f"permissions names the file {name} more than once; merge the entries.",
            )
        seen.add(name)
