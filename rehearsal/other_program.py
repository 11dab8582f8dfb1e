"""Another Pulumi program in Python to preview on the region: its project file and its stacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from commandline import files
from rehearsal import foreign_settings, program_imports, yaml_file
from rehearsal.pulumi_project import EngineError

PROJECT = "Pulumi.yaml"
ENDINGS = (".json", ".yaml", ".yml")
"""Endings of project files in the order in which Pulumi looks for them (`sdk/go/common/encoding`)."""
_AUTOMATION = "create_or_select_stack"
"""What programs of the Automation API call."""
_DEPLOYMENT = ".deploy"
"""End of the name of a file that is about Pulumi Deployments, and no stack's settings."""
NO_SETTINGS = "preview"
"""Name of the stack of a program without settings of one."""


@dataclass(frozen=True)
class Program:
    """A program, and what of it is previewed."""

    stacks: tuple[str, ...]
    region: str | None
    """The AWS Region that its settings name; None if they name none."""
    project: Path
    """Its project file."""
    settings: Mapping[str, Path]
    """The settings file of each stack that has one."""
    unread: tuple[Path, ...] = ()
    """Files that look like settings, which Pulumi does not read."""
    sources: tuple[Path, ...] = ()
    """Where packages of its own are, which its author has installed with it."""

    def notes(self) -> list[str]:
        """Return what of its settings is previewed otherwise than it is deployed.

        Raises:
            EngineError: One cannot be read.
        """
        unread = [
            f"{file.name} is not read: beside {self.project.name}, Pulumi reads settings that end in "
            f"`{self.project.suffix}`"
            for file in self.unread
        ]
        return [*unread, *self._packages(), *self._references()] + [
            note
            for stack in self.stacks
            if stack in self.settings
            for note in foreign_settings.portable(
                _read(self.settings[stack]), self.settings[stack].name
            ).notes
        ]

    def _packages(self) -> list[str]:
        names = program_imports.missing(_main(self.project), self.sources)
        if not names:
            return []
        told = ", ".join(f"`{name}`" for name in names)
        return [f"not installed here, where programs run with this project's packages: {told}"]

    def _references(self) -> list[str]:
        if not program_imports.mentions(_main(self.project), self.sources, "StackReference"):
            return []
        told = (
            "outputs of other stacks (`StackReference`) are empty here, and what is built with them is "
            "judged without: for the preview, write their values below `config` and read them there"
        )
        return [told]


def _main(project: Path) -> Path:
    """Return the file with which a program begins."""
    main = project.parent / str(_read(project).get("main") or "")
    return main / "__main__.py" if main.is_dir() else main


def find(directory: Path, stacks: tuple[str, ...] = ()) -> Program:
    """Return the program of a directory; `stacks` are those to preview, by default all that it has.

    Raises:
        EngineError: It is not a Pulumi program in Python, or has no such stack.
    """
    found = _project_file(directory)
    if not found.is_file() and (hint := _elsewhere(directory)):
        raise EngineError(f"cannot read {found}: there is none; {hint}")
    project = _read(found)
    runtime = project.get("runtime")
    name = cast("Mapping[str, Any]", runtime).get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise EngineError(
            f"{found}: its runtime is {name!r}; programs in Python can be previewed, "
            'others by `pulumi preview` after `eval "$(python -m rehearsal env)"`'
        )
    main = project.get("main")
    if isinstance(main, str) and not (found.parent / main).exists():
        raise EngineError(
            f"{found}: its `main` is {main!r}, and there is no such file or directory"
        )
    kept_in = directory / _settings_directory(project)
    settings = _settings(kept_in, found.suffix)
    unread = [file for ending in ENDINGS for file in _settings(kept_in, ending).values()]
    unread = [file for file in unread if file.suffix != found.suffix]
    known = sorted(settings)
    for one in stacks:
        if one not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise EngineError(
                f"{directory} has no settings of a stack {one!r} (Pulumi.{one}{found.suffix}); {has}"
            )
    chosen = stacks or tuple(known) or (NO_SETTINGS,)
    regions = {_region(settings[one]) for one in chosen if one in known}
    if len(regions) > 1:
        raise EngineError(
            f"the stacks {', '.join(chosen)} are in different Regions, and a local region is one: name "
            "one of them with --stack"
        )
    region = regions.pop() if regions else None
    return Program(
        chosen,
        region or _default_region(project),
        found,
        settings,
        tuple(unread),
        _sources(directory),
    )


_STATE = (
    "judge what is deployed instead: `pulumi stack export --file state.json`, then `pulumi policy analyze "
    "--file state.json --policy-pack policies`"
)
_REMEDIES: Mapping[str, str] = {
    r"pulumi:pulumi:StackReference|pulumi/stack_reference\.py": "A preview here has no states of "
    f"other stacks: write what it asks them for below `config`, or {_STATE}",
    r"ModuleNotFoundError: No module named '(\w+)": r"`\1` is not installed here, where programs run "
    f"with this project's packages: leave it out, or {_STATE}",
    r"Missing required configuration variable '([^']+)'": r"Here it is written as `\1: …` below `config` "
    "of the stack's settings, such as Pulumi.dev.yaml",
    r"is missing configuration value '([^']+)'": r"Here it is written as `\1: …`, after the "
    "project's name and a colon, below `config` of the stack's settings",
    r"KeyError: '([A-Z][A-Z0-9_]*)'": r"If `\1` is an environment variable: export it first",
    r"provider pulumi-python\b|pulumi-resource-pulumi-python": "Dynamic providers are not run here: leave "
    f"them out, or {_STATE}",
    r"(?:no resource plugin '?|latest version for provider )(?!pulumi-(?:resource-pulumi-)?python)"
    r"(?:pulumi-resource-)?([\w-]+)": r"The provider `\1` is not installed here: "
    f"leave it out, or {_STATE}",
}
"""What stands in a failed preview of a program that needs more than this project has, and the remedy."""


def explained(text: str) -> str:
    """Return the message of a failed preview with what can be done about it."""
    found = ((re.search(pattern, text), remedy) for pattern, remedy in _REMEDIES.items())
    return "\n".join([text, *(hit.expand(remedy) for hit, remedy in found if hit)])


def _elsewhere(directory: Path) -> str | None:
    """Return where a program most likely is that is not in a directory; None if nobody can know."""
    if directory.is_file():
        return f"--program takes a directory: {directory.parent}"
    below = [file.parent for ending in ENDINGS for file in directory.glob(f"*/Pulumi{ending}")]
    if below:
        return f"--program takes the directory of one program: {', '.join(map(str, sorted(below)))}"
    if any(_AUTOMATION in _text(file) for file in directory.glob("*.py")):
        return (
            "a program of the Automation API has none: write its function's content into a `__main__.py`, "
            "and beside it a `Pulumi.yaml` with `name: ours` and `runtime: python`"
        )
    return None


def _text(file: Path) -> str:
    try:
        return files.read_text(file)
    except (OSError, UnicodeDecodeError):
        return ""


def _sources(directory: Path) -> tuple[Path, ...]:
    """Return where poetry, uv and pip find the packages of a project that they install."""
    for root in (directory.resolve(), *directory.resolve().parents):
        if any((root / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg")):
            return tuple(one for one in (root / "src", root) if one.is_dir())
    return ()


def _project_file(directory: Path) -> Path:
    there = (directory / f"Pulumi{ending}" for ending in ENDINGS)
    return next((file for file in there if file.is_file()), directory / PROJECT)


def _settings_directory(project: Mapping[str, Any]) -> str:
    """Return where the settings of stacks are; `config` is its older name, if it is a text."""
    given = project.get("config"), project.get("stackConfigDir")
    return next((one for one in given if isinstance(one, str)), "")


def _settings(directory: Path, ending: str) -> dict[str, Path]:
    """Return the settings file of each stack, by the stack's name: it has the project file's ending."""
    files = sorted(directory.glob(f"Pulumi.*{ending}"))
    named = {file.name.removeprefix("Pulumi.").removesuffix(ending): file for file in files}
    return {name: file for name, file in named.items() if not name.endswith(_DEPLOYMENT)}


def _default_region(project: Mapping[str, Any]) -> str | None:
    """Return the Region that the project file itself sets for all stacks."""
    config = project.get("config")
    given = (
        cast("Mapping[str, Any]", config).get("aws:region") if isinstance(config, dict) else None
    )
    value = cast("Mapping[str, Any]", given).get("value") if isinstance(given, dict) else given
    return value if isinstance(value, str) else None


def _region(file: Path) -> str | None:
    settings = _read(file)
    try:
        found = yaml_file.config(settings, file).get("aws:region")
    except yaml_file.YamlFileError as error:
        raise EngineError(str(error)) from error
    return found if isinstance(found, str) else None


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return yaml_file.read(file, "; --program takes the directory of a Pulumi program")
    except yaml_file.YamlFileError as error:
        raise EngineError(str(error)) from error
