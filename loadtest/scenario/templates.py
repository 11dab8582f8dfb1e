"""What Artillery makes of `{{ … }}` in a text (`commons/engine_util`), and what it does not.

It knows variables, with a path into them, and calls of functions with plain arguments. Everything else
is sent as the text that it is, or as "undefined"; both are reported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from commandline import files
from loadtest.scenario import other_tools_names
from loadtest.scenario.other_tools_names import FUNCTIONS, fake_data
from loadtest.scenario.variables import BUILT_IN, ENVIRONMENTS, Variables
from loadtest.yaml_positions import Location

_PART = re.compile(r"\{\{+(.*?)\}\}+", re.DOTALL)
_CALL = re.compile(r"\{\{\s*(\$[A-Za-z0-9_]+)\s*\(\s*([A-Za-z0-9_,\s]*)\s*\)\s*\}\}")
"""Artillery's own pattern for the call of a function."""
_VARIABLE = re.compile(r"\{\{\{?[\s$A-Za-z0-9_.\[\]'\"-]+\}\}\}?")
"""Artillery's own pattern for a variable."""
_NUMBERS = re.compile(r"\s*(\d+\s*(,\s*\d+\s*)*)?")
_INDEX = re.compile(r"\[\s*(\$?[A-Za-z_]\w*)\s*\]")
"""A word in brackets, without quotes."""
_DEFAULT = re.compile(r"\s*\$(?:env|processEnvironment)\s*\.\s*(\w+)\s*(?:\|\||\?\?).*", re.DOTALL)
"""A variable of the environment, with what is to be there without it."""
_ANY_OF = re.compile(r"\s*\$?\w+\s*\(\s*\[.*", re.DOTALL)
"""A function of a list, which is to choose one of its values."""
_AT_RANDOM = re.compile(r"\s*(\w+)\s*\[\s*(?:\$\w+\s*\(|Math\.).*", re.DOTALL)
"""A list, of which chance is to choose one value."""
_PATTERN = re.compile(r"\$[$&`']")
"""What JavaScript's `replace`, with which Artillery fills in texts, does not put in as it is."""
_ROOT = re.compile(r"[^.\[]+")
_STEP = re.compile(r"[^.\[\]\"']+")
"""One key of a path, as lodash takes it apart."""


_NAMES_AS_WRITTEN = ("form", "formData", "headers", "cookie")
"""Mappings in which Artillery fills in values only."""
_TAKEN_AS_WRITTEN = ("as", "loopValue", "loopElement")
"""Names of variables that a step sets."""


def problems(text: str, variables: Variables, *, fake: bool, in_config: bool) -> Iterator[str]:
    """Yield what is wrong with the templates of a text.

    `fake` says whether the script uses the plugin `fake-data`. In `config`, Artillery fills templates in
    once, before there are users and their variables.
    """
    rest = text
    for found in _PART.finditer(text):
        rest = rest.replace(found[0], "", 1)
        yield from _one(found[0], found[1], variables, fake=fake, in_config=in_config)
        if found[0] != text and not in_config:
            yield from _within_a_text(found[1].strip(" {}\t\n"), variables)
    if "{{" in rest:
        yield "`{{` without `}}`: Artillery sends it as it is"


def not_filled_in(location: Location, text: str) -> str | None:
    """Say that a template stands where Artillery does not fill one in; None if it does."""
    key = location[-1]
    if len(location) > 1 and text == key and location[-2] in _NAMES_AS_WRITTEN:
        return (
            f"`{text}`: Artillery fills in values of `{location[-2]}` and not their names: write the name, "
            "or set it in a function in `beforeRequest`"
        )
    if key in _TAKEN_AS_WRITTEN:
        return f"`{key}` is a name, and Artillery takes `{text}` as it is: write the name itself"
    return None


def roots(text: str) -> Iterator[str]:
    """Yield the variables that a text uses, without the paths into them."""
    for found in _PART.finditer(text):
        if _VARIABLE.fullmatch(found[0]) and (name := _root(found[1])):
            yield name


def _root(inside: str) -> str | None:
    found = _ROOT.match(inside.strip(" {}\t\n"))
    return found[0].strip() if found else None


def _one(
    whole: str, inside: str, variables: Variables, *, fake: bool, in_config: bool
) -> Iterator[str]:
    shown = " ".join(whole.split())
    if call := _CALL.fullmatch(whole):
        if in_config and call[1] in fake_data():
            yield f"`{call[1]}` is not there yet when Artillery fills in `config`"
        else:
            yield from _call(call[1], call[2], fake=fake)
    elif whole.startswith("{{") and not whole.startswith("{{{") and whole.endswith("}}}"):
        yield f"put a space after `{{{{{inside}}}}}`: Artillery takes the third brace for its own"
    elif not _VARIABLE.fullmatch(whole) or not (name := _root(inside)):
        yield from _no_template(shown, inside)
    elif name in ENVIRONMENTS:
        yield from _environment(name, inside, variables)
    elif in_config and not name.startswith("$"):
        yield (
            f"`{name}` is empty here: Artillery fills in `config` before users have variables; use "
            "it in the requests instead"
        )
    elif not variables.has(name):
        if name in (*FUNCTIONS, *fake_data()):
            yield f"`{name}` is a function: write `{{{{ {name}() }}}}`"
        else:
            yield variables.unknown(name)
    else:
        yield from _path(shown, name, inside, variables)


def _path(shown: str, name: str, inside: str, variables: Variables) -> Iterator[str]:
    """Yield a problem if the path into a variable leads nowhere in one of its values."""
    steps = _STEP.findall(inside.strip(" {}\t\n"))[1:]
    for index in _INDEX.findall(inside):
        if index in variables.known:
            yield (
                f"`{shown}`: Artillery takes `{index}` in brackets for a name, not for a variable, and "
                'sends "undefined": loop `over` the list, or choose in a function'
            )
            return
    if not steps or variables.may_change(name):
        return
    for value in variables.values(name) or ():
        if not _leads_somewhere(value, steps):
            yield (
                f"`{shown}`: `{name}` can be {files.shortened(value)}, in which there is no "
                f'`{".".join(steps)}`, and Artillery sends "undefined"'
            )
            return


def _within_a_text(name: str, variables: Variables) -> Iterator[str]:
    """Yield a problem if Artillery puts something else than a variable's value into a longer text."""
    for value in variables.values(name) or ():
        if isinstance(value, str) and (pattern := _PATTERN.search(value)):
            yield (
                f"`{name}` can be {files.shortened(value)}, and within a text Artillery replaces its "
                f"`{pattern[0]}`: let the variable stand alone, or set the text in a function"
            )
            return


def _leads_somewhere(value: Any, steps: Sequence[str]) -> bool:
    """Return whether a path of lodash's (`get`) ends at a value."""
    for step in steps:
        if isinstance(value, dict):
            found = {str(key): one for key, one in cast("dict[Any, Any]", value).items()}
            if step not in found:
                return False
            value = found[step]
        elif isinstance(value, list | str):
            given = cast("Sequence[Any]", value)
            if step == "length":
                value = len(given)
            elif step.isdecimal() and int(step) < len(given):
                value = given[int(step)]
            else:
                return False
        else:
            return False
    return True


def _call(name: str, arguments: str, *, fake: bool) -> Iterator[str]:
    known = {*FUNCTIONS, *(fake_data() if fake else ())}
    if name not in known:
        if name in fake_data():
            yield f"`{name}` needs the plugin: write `plugins: {{fake-data: {{}}}}` below `config`"
            return
        if name in BUILT_IN:
            yield f"`{name}` is a variable: write `{{{{ {name} }}}}`"
            return
        there = f"{', '.join(FUNCTIONS)} and, with the plugin fake-data, {len(fake_data())} more"
        others = "what any other returns is set by a `processor`"
        remedy = other_tools_names.instead(name) or f"it has {there}; {others}"
        yield f"Artillery has no function `{name}`: {remedy}"
    elif not _NUMBERS.fullmatch(arguments):
        yield f"`{name}` takes whole numbers only, not `{arguments.strip()}`"


def _no_template(shown: str, inside: str) -> Iterator[str]:
    as_it_is = f"it sends `{shown}` as it is"
    if found := _DEFAULT.fullmatch(inside):
        yield (
            f"Artillery knows no default in braces: {as_it_is}; write `{{{{ $env.{found[1]} }}}}`, export "
            f"{found[1]} and let it in with `--pass-env {found[1]}`"
        )
    elif _ANY_OF.fullmatch(inside) or (found := _AT_RANDOM.fullmatch(inside)):
        name = found[1] if found else "name"
        yield (
            f"Artillery does not choose in braces: {as_it_is}; each user gets one value of a list below "
            f"`config.variables`, as `{{{{ {name} }}}}`; choose otherwise in a function"
        )
    elif "||" in inside or "?" in inside:
        yield (
            f"Artillery computes nothing in braces: it sends `{shown}` as it is; set a variable in a "
            "function of a `processor`, or below `config.variables`"
        )
    elif "|" in inside:
        yield f"Artillery has no filters: it sends `{shown}` as it is"
    elif found := re.fullmatch(r"\s*(\$?\w+)\s*\((.*)\)\s*", inside, re.DOTALL):
        yield (
            f"Artillery cannot read the arguments of `{found[1]}`: it sends `{shown}` as it is; it "
            "takes whole numbers"
        )
    else:
        yield f"Artillery does not compute `{shown}`: it sends it as it is; it takes variables only"


def _environment(name: str, inside: str, variables: Variables) -> Iterator[str]:
    found = re.match(r"\s*\{?\s*\$\w+\s*(?:\.\s*(\w+)|\[\s*[\"']?(\w+)[\"']?\s*\])", inside)
    asked = (found[1] or found[2]) if found else None
    if asked is None or asked not in variables.let_in:
        remedy = f"`--pass-env {asked}` lets it in" if asked else "name one of them"
        yield f"`{name}` is empty: the generator gets no environment variables; {remedy}"
