"""From what a group launches its instances: launch template, version, types, purchase options."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.given import given
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number

TEMPLATE_KEYS = ("id", "name")
WEB_SERVER: Final = r"(?:nginx|httpd|apache2|haproxy|caddy|envoy|traefik)\b"
"""What user data calls a server that hands requests on to an application beside it, as a pattern."""
_DEFAULT_VERSION = "$Default"

_PATHS = (
    ("launchTemplate", (), ()),
    (
        "mixedInstancesPolicy",
        ("launchTemplate",),
        ("launchTemplate", "launchTemplateSpecification"),
    ),
)
"""Where a group refers to its template: the property, the path to see whether it does at all, and
the path to the reference itself."""


@dataclass(frozen=True, eq=False)
class Launching:
    """How one group launches.

    Attributes:
        given: Whether the group refers to a launch template, of this stack or not.
        templates: The launch templates of this stack from which it launches.
        version: Version of the template as the group names it; `$Default` where it names none.
        overrides: The instance types of a mixed instances policy.
        mixed: Whether it has a mixed instances policy, which decides on Spot.
        base: How many instances are On-Demand before any is Spot; `None` where it is not said.
        share: Percent of the others that are On-Demand; `None` where it is not said: all.
    """

    given: bool
    templates: tuple[Resource, ...]
    version: Any
    overrides: tuple[Any, ...]
    mixed: bool = False
    base: Any = None
    share: Any = None

    @property
    def types(self) -> tuple[str, ...]:
        """Return the instance types that are known."""
        named = [dig(override, "instanceType") for override in self.overrides]
        found = [kind for kind in named if isinstance(kind, str) and kind]
        if not self.overrides:
            found = [
                kind
                for template in self.templates
                if isinstance(kind := template.get("instanceType"), str) and kind
            ]
        return tuple(dict.fromkeys(found))

    @property
    def units(self) -> int:
        """Return how many units of capacity one instance may count for, at most."""
        weights = [number(dig(override, "weightedCapacity")) for override in self.overrides]
        return max([1, *(int(weight) for weight in weights if weight is not None)])

    def template_values(self, *path: str) -> list[tuple[Resource, Any]]:
        """Return a property of each launch template of this stack."""
        return [(template, given(template, *path)) for template in self.templates]

    def spot_templates(self) -> list[Resource]:
        """Return the launch templates that ask for Spot Instances."""
        return [
            template
            for template, options in self.template_values("instanceMarketOptions")
            if options is UNKNOWN or dig(options, "marketType") in ("spot", UNKNOWN)
        ]

    @property
    def on_spot(self) -> bool:
        """Return whether some instances are, or may be, Spot Instances."""
        if self.mixed:
            return self.share is not None and number(self.share) != 100
        return bool(self.spot_templates())

    def on_demand(self, instances: int) -> int | None:
        """Return how many of so many instances are certainly On-Demand, `None` if unknown."""
        if not self.on_spot:
            return instances
        if not self.mixed:
            return 0
        fixed = min(instances, int(number(self.base) or 0))
        percent = number(self.share)
        if fixed == instances:
            return fixed
        return None if percent is None else fixed + math.ceil((instances - fixed) * percent / 100)


def launching(stack: Stack, group: Resource) -> Launching:
    """Return how a group launches its instances."""
    refers = False
    templates: list[Resource] = []
    version: Any = None
    for prop, path, reference in _PATHS:
        whole = given(group, prop)
        if whole is None:
            continue
        found = stack.linked(group, prop, tokens.LAUNCH_TEMPLATE, TEMPLATE_KEYS)
        template = dig(whole, *path)
        if template is UNKNOWN:
            refers = refers or bool(found)
        elif not is_absent(template):
            refers = True
        if found or (template is not UNKNOWN and not is_absent(template)):
            said = given(group, prop, *reference, "version")
            version = _DEFAULT_VERSION if said is None else said
        templates += found
    mixed = given(group, "mixedInstancesPolicy")
    return Launching(
        given=refers,
        templates=tuple(dict.fromkeys(templates)),
        version=version,
        overrides=tuple(items(dig(mixed, "launchTemplate", "overrides"))),
        mixed=mixed is not None,
        base=_option(group, "onDemandBaseCapacity"),
        share=_option(group, "onDemandPercentageAboveBaseCapacity"),
    )


def _option(group: Resource, name: str) -> Any:
    distribution = ("mixedInstancesPolicy", "instancesDistribution")
    # Unknown as a whole: the provider computes what the program leaves out.
    return None if group.get(*distribution) is UNKNOWN else given(group, *distribution, name)


def inherits_from_template(resource: Resource) -> bool:
    """Return whether a property that is absent is left to a launch template, which has its check."""
    return resource.type in tokens.INSTANCE and not is_absent(resource.get("launchTemplate"))


def public_address(templates: Iterable[Resource]) -> bool | None:
    """Return what launch templates say about public addresses; None if they say nothing."""
    for template in templates:
        for interface in items(template.get("networkInterfaces")):
            value = dig(interface, "associatePublicIpAddress")
            if not is_absent(value) and value is not UNKNOWN:
                return is_true(value)
    return None


def from_base64(text: str) -> bytes | None:
    """Return what a text in Base64, on one line or several, stands for; `None` where it is not Base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


def user_data(template: Resource) -> str | None:
    """Return the script of a launch template in plain text, `None` where it is not known."""
    value = template.get("userData")
    if not isinstance(value, str):
        return None
    content = from_base64(value)
    if content is None:
        return value
    try:
        return content.decode()
    except UnicodeDecodeError:
        return value
