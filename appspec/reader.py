"""Reads an appspec.yml the way the agent does, and reports what is wrong with it.

Reference: application_specification/{application_specification,file_info,script_info}.rb. Errors
have the agent's own words where it has a message; where it fails with one of Ruby's (`undefined
method each`), they say what is wrong. `tests/appspec/` holds the answers of the agent itself.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, cast

from appspec import permissions
from appspec.document import DocumentError, Value, parse
from appspec.events import WITHOUT_SCRIPTS
from appspec.model import AppSpec, FileExistsBehavior, FileMapping, Finding, Permission, Script
from appspec.permissions import InvalidPermission, text_of

EVENT_SECONDS: Final = 3600
"""The longest that one lifecycle event may take, all its scripts together; one script's default.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

_SECTIONS: Final = ("version", "os", "files", "permissions", "hooks", "file_exists_behavior")
_FILE_KEYS: Final = ("source", "destination")
_ENDLESS: Final = 10**9
_SCRIPT_KEYS: Final = ("location", "timeout", "runas", "sudo")
_PERMISSION_KEYS: Final = (
    *("object", "pattern", "except", "owner", "group", "mode", "acls", "context", "type"),
)
_BEHAVIORS: Final = ("DISALLOW", "OVERWRITE", "RETAIN")
_INTEGER: Final = re.compile(r"\s*([+-]?\d+(?:_\d+)*)")
_NOT_MAPPING: Final = "is not a mapping of keys to values"
_UPDATE_FILES: Final = "the files section of the AppSpec file, and then try again."
_REMEDIES: Final = {
    "overwrite": "to replace existing files, write `file_exists_behavior: OVERWRITE` at the top level",
    "file_exists_behavior": "move it to the top level: it applies to all files",
    "Resources": "it belongs to ECS and Lambda deployments",
}


@dataclass(frozen=True)
class Reading:
    """What reading a file gave: the specification, or errors, of which the agent tells the first."""

    spec: AppSpec | None
    errors: tuple[Finding, ...] = ()
    hints: tuple[Finding, ...] = ()


def read(text: str) -> Reading:
    """Read the text of an appspec.yml; every error is part of the result."""
    try:
        document = parse(text)
    except DocumentError as error:
        return Reading(None, (Finding(error.line, error.text),))
    return _Reader().read(document)


@dataclass
class _Reader:
    errors: list[Finding] = field(default_factory=list[Finding])
    hints: list[Finding] = field(default_factory=list[Finding])

    def read(self, document: Value) -> Reading:
        if document.falsy:
            self._error(
                1,
                "The deployment failed because the application specification file was empty. Make "
                "sure your AppSpec file defines at minimum the 'version' and 'os' properties.",
            )
            return self._result(None)
        if not isinstance(document.content, dict):
            self._error(1, f"The file {_NOT_MAPPING}; begin with `version: 0.0` and `os: linux`.")
            return self._result(None)
        self._repeated(document)
        self._unknown_keys(document, _SECTIONS, "")
        self._version(document)
        self._os(document)
        hooks = document.get("hooks")
        spec = AppSpec(
            hooks=self._hooks(hooks),
            hook_lines={
                name: event.line
                for name, event in (hooks.content.items() if hooks and _is_dict(hooks) else ())
            },
            files=tuple(self._files(document.get("files"))),
            permissions=tuple(self._permissions(document.get("permissions"))),
            file_exists_behavior=self._behavior(document),
        )
        return self._result(spec)

    def _result(self, spec: AppSpec | None) -> Reading:
        # In the agent's order, which is not the file's: it stops at the first.
        hints = tuple(sorted(self.hints))
        if spec is None or self.errors:
            return Reading(None, tuple(self.errors), hints)
        return Reading(replace(spec, hints=hints), (), hints)

    def _error(self, line: int, text: str) -> None:
        self.errors.append(Finding(line, text))

    def _hint(self, line: int, text: str) -> None:
        self.hints.append(Finding(line, text))

    def _repeated(self, value: Value) -> None:
        """Point out keys that are given twice, everywhere: the last one wins silently."""
        for name, line in value.repeated.items():
            self._hint(line, f"`{name}` is given again further down, so this one has no effect.")
        items = value.content
        if isinstance(items, dict):
            items = list(items.values())
        for item in items if isinstance(items, list) else ():
            self._repeated(item)

    def _unknown_keys(self, value: Value, known: tuple[str, ...], where: str) -> None:
        for name, found in value.content.items():
            if name in known:
                continue
            remedy = _REMEDIES.get(name)
            if remedy is None:
                near = difflib.get_close_matches(name, known, 1, 0.75)
                remedy = f"did you mean `{near[0]}`?" if near else "remove it"
            self._hint(
                found.line,
                f"`{name}`{where} has no effect: CodeDeploy's agent ignores it; {remedy}",
            )

    def _version(self, document: Value) -> None:
        version = document.content.get("version")
        content = version.content if version else None
        if isinstance(content, bool) or not isinstance(content, int | float) or content != 0:
            self._error(
                version.line if version else 1,
                f"The deployment failed because an invalid version value ({text_of(content)}) was "
                "entered in the application specification file. Make sure your AppSpec file "
                'specifies "0.0" as the version, and then try again.'
                + (" (Without the quotes: a text is not the number.)" if content == "0.0" else ""),
            )

    def _os(self, document: Value) -> None:
        system = document.content.get("os")
        content = system.content if system else None
        if content != "linux":
            self._error(
                system.line if system else 1,
                "The deployment failed because the application specification file specifies an "
                f'unsupported operating system ({text_of(content)}). Specify either "linux" or '
                '"windows" in the os section of the AppSpec file, and then try again.'
                + (
                    " (With `Resources` it is a file for ECS or Lambda; instances take `os`, `files` "
                    "and `hooks`.)"
                    if document.get("Resources")
                    else ""
                )
                + (
                    " (Instances here run Linux, whose agent takes `linux` only.)"
                    if content == "windows"
                    else ""
                ),
            )

    def _hooks(self, value: Value | None) -> dict[str, tuple[Script, ...]]:
        found: dict[str, tuple[Script, ...]] = {}
        if value is None or value.falsy:
            return found
        if not isinstance(value.content, dict):
            self._error(value.line, "`hooks` is not a mapping of lifecycle events to scripts.")
            return found
        for event, scripts in value.content.items():
            # The agent ignores an event without a value.
            if not scripts.falsy:
                found[event] = tuple(self._scripts(event, scripts))
        return found

    def _scripts(self, event: str, value: Value) -> Iterator[Script]:
        if not isinstance(value.content, list):
            self._error(
                value.line,
                f"`{event}` is not a list of scripts; write `- location: scripts/…` below it.",
            )
            return
        if event in WITHOUT_SCRIPTS and value.content:
            self._hint(
                value.line,
                f"the scripts of `{event}` never run: CodeDeploy itself carries out this event; "
                "use another one",
            )
        total = 0
        for entry in value.content:
            script = self._script(event, entry)
            if script:
                total += script.timeout
                yield script
        if total > EVENT_SECONDS and any(entry.get("timeout") for entry in value.content):
            self._hint(
                value.line,
                f"the timeouts of `{event}` add up to {total} s, but CodeDeploy ends an event after "
                f"{EVENT_SECONDS} s; shorten them",
            )

    def _script(self, event: str, entry: Value) -> Script | None:
        if not isinstance(entry.content, dict):
            self._error(entry.line, f"A script of `{event}` {_NOT_MAPPING} such as `location: …`.")
            return None
        self._unknown_keys(entry, _SCRIPT_KEYS, f" of a script of {event}")
        location = entry.get("location")
        name = text_of(location.content).strip() if location else ""
        if not name or (location and isinstance(location.content, dict | list)):
            self._error(
                entry.line,
                "The deployment failed because the application specification file specifies a "
                "script with no location value. Specify the location in the hooks section of the "
                "AppSpec file, and then try again.",
            )
            return None
        runas, sudo = entry.get("runas"), entry.content.get("sudo")
        if sudo and not sudo.falsy:
            self._hint(
                sudo.line,
                "`sudo` does not help: the agent is root already; it only clears the variables such "
                "as DEPLOYMENT_ID; remove it",
            )
        timeout = self._timeout(entry.content.get("timeout"))
        if timeout is None:
            return None
        return Script(
            location=name,
            timeout=timeout,
            runas=text_of(runas.content).strip() if runas else None,
            sudo=bool(sudo and not sudo.falsy),
            line=(location or entry).line,
        )

    def _timeout(self, value: Value | None) -> int | None:
        """Convert as Ruby's `to_i` does, which takes the digits at a text's beginning."""
        if value is None or value.falsy:
            return EVENT_SECONDS
        seconds = 0
        content = value.content
        if isinstance(content, str):
            digits = _INTEGER.match(content)
            seconds = _integer(digits[1]) if digits else 0
            if seconds > 0 and digits and content[digits.end() :].strip():
                self._hint(
                    value.line,
                    f"the timeout {content!r} means {seconds} seconds: the agent reads no unit",
                )
        elif isinstance(content, int | float) and not isinstance(content, bool):
            # Neither infinity nor "not a number" has an integer.
            seconds = int(content) if abs(content) < 1e9 else 0
        if seconds <= 0:
            self._error(
                value.line,
                "The deployment failed because an invalid timeout value was provided for a script "
                "in the application specification file. Make corrections in the hooks section of "
                "the AppSpec file, and then try again. (It is "
                f"{value.text or 'a list or a mapping'}; give seconds, such as 300.)",
            )
            return None
        return seconds

    def _entries(self, value: Value | None, section: str) -> Iterator[Value]:
        """Yield the mappings of a section; an empty mapping is for Ruby an empty list."""
        if value is None or value.falsy or value.content == {}:
            return
        if not isinstance(value.content, list):
            self._error(value.line, f"`{section}` is not a list; write each entry behind a `-`.")
            return
        for entry in value.content:
            if isinstance(entry.content, dict):
                yield entry
            else:
                self._error(entry.line, f"An entry of `{section}` {_NOT_MAPPING}.")

    def _files(self, value: Value | None) -> Iterator[FileMapping]:
        for entry in self._entries(value, "files"):
            self._unknown_keys(entry, _FILE_KEYS, " of an entry of files")
            source, destination = entry.get("source"), entry.get("destination")
            if source is None:
                self._error(
                    entry.line,
                    "The deployment failed because the application specification file specifies a "
                    f"destination file, but no source file. Update {_UPDATE_FILES}",
                )
            elif destination is None:
                self._error(
                    entry.line,
                    "The deployment failed because the application specification file specifies "
                    f"only a source file ({source.text}). Add the name of the destination file to "
                    f"{_UPDATE_FILES}",
                )
            elif not (isinstance(source.content, str) and isinstance(destination.content, str)):
                self._error(entry.line, "`source` and `destination` must be texts; quote them.")
            else:
                self._relative(destination, "destination")
                yield FileMapping(source.content, destination.content, source.line)

    def _relative(self, value: Value, name: str) -> None:
        if not value.content.startswith("/"):
            self._hint(
                value.line,
                f"the {name} {value.content!r} is relative, so it lies in the directory from which "
                "the agent was started; give an absolute path",
            )

    def _permissions(self, value: Value | None) -> Iterator[Permission]:
        for entry in self._entries(value, "permissions"):
            self._unknown_keys(entry, _PERMISSION_KEYS, " of an entry of permissions")
            name = entry.get("object")
            if name is None or not text_of(name.content).strip():
                self._error(
                    entry.line,
                    "The deployment failed because a permission listed in the application "
                    "specification file has no object value. Update the permissions section of the "
                    "AppSpec file, and then try again.",
                )
                continue
            try:
                yield self._permission(entry, text_of(name.content).strip(), name.line)
            except InvalidPermission as error:
                self._error(entry.line, str(error))

    def _permission(self, entry: Value, name: str, line: int) -> Permission:
        pattern, mode = entry.get("pattern"), entry.get("mode")
        owner, group = entry.get("owner"), entry.get("group")
        for key, subject in (("owner", owner), ("group", group)):
            if subject and not isinstance(subject.content, str):
                raise InvalidPermission(
                    f"`{key}` is {subject.text or 'no text'}; the agent looks up names only, "
                    "not numbers."
                )
        permissions.check_context(entry.get("context"))
        found = Permission(
            object=name,
            pattern=text_of(pattern.content) if pattern else "**",
            exclude=permissions.exclude(entry.get("except")),
            type=permissions.types(entry.get("type")),
            owner=cast("str | None", owner.content if owner else None),
            group=cast("str | None", group.content if group else None),
            mode=permissions.mode(mode) if mode else None,
            default_acl=permissions.has_default_acl(entry.get("acls")),
            line=line,
        )
        self._permission_hints(entry, found, mode)
        return found

    def _permission_hints(self, entry: Value, found: Permission, mode: Value | None) -> None:
        if mode and permissions.read_as_number(mode):
            self._hint(
                mode.line,
                f"the mode {mode.text} sets {found.mode}: YAML reads it as the number "
                f'{mode.content}; write "{mode.text}" in quotes',
            )
        for key in ("acls", "context"):
            value = entry.get(key)
            if value:
                self._hint(
                    value.line,
                    f"`{key}` is checked, but applied on AWS only: the local region sets no access "
                    "control lists and no SELinux contexts",
                )

    def _behavior(self, document: Value) -> FileExistsBehavior | None:
        value = document.get("file_exists_behavior")
        if value is None:
            return None
        if value.content not in _BEHAVIORS:
            self._error(
                value.line,
                f"The deployment failed because an invalid file_exists_behavior value ({value.text})"
                " was entered in the application specification file. Make sure your AppSpec file "
                f"specifies one of {','.join(_BEHAVIORS)} as the file_exists_behavior, and then try "
                "again.",
            )
            return None
        return value.content


def _is_dict(value: Value) -> bool:
    return isinstance(value.content, dict)


def _integer(text: str) -> int:
    """Return a number; of one with more digits than Python converts, one that is as good as endless."""
    try:
        return int(text)
    except ValueError:
        return -_ENDLESS if text.lstrip().startswith("-") else _ENDLESS
