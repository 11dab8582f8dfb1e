"""Which output of another resource a value is, as far as a preview tells.

The engine names the resource from which a value came, not its output. But what the preview knows of a
resource, it also knows where it is passed on: a value that it does not know is another output.
"""

from __future__ import annotations

from collections.abc import Sequence

from guardrails.resources import Resource, Stack


def passed_another(
    stack: Stack, resource: Resource, prop: str, types: Sequence[str], output: str
) -> tuple[Resource, ...]:
    """Return the resources whose known output an unknown part of a property certainly is not.

    None where one of the resources of these types from which the property came does not have the
    output yet, or where none of them is its source.
    """
    sources = stack.sources(resource, prop, types)
    told = [isinstance(known := one.get(output), str) and bool(known) for one in sources]
    return tuple(sources) if sources and all(told) else ()
