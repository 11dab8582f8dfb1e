"""What a policy configuration gives up, said in the preview: nothing is set aside in silence.

These are advisory: the file may do so. What makes it invalid is in `configuration`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from guardrails import tokens
from guardrails.configuration import PACK_CONFIGURATION, Configuration
from guardrails.exceptions import PolicyException
from guardrails.model import Level, Profile, Rule
from guardrails.resources import Resource, Stack
from guardrails.values import number

_FOR_EVER = 10
"""How many times as long as by default is as good as for ever."""
_SHOWN = 5
"""How many rules a notice names."""


def of_configuration(configuration: Configuration) -> Iterator[str]:
    """Yield what the levels and parameters of the file give up."""
    rules = configuration.judging
    disabled = [rule for rule in rules if configuration.level(rule) is None]
    mandatory = [one for one in disabled if one.level_in(configuration.profile) is Level.MANDATORY]
    if rules and len(disabled) == len(rules):
        yield (
            f"Every rule is disabled ({len(rules)}): whatever this preview shows, nothing was "
            'checked. Remedy: remove "all": "disabled", and write exceptions for what has to pass.'
        )
        return
    if mandatory:
        yield (
            f"{_listed(mandatory)}, mandatory under profile "
            f'"{configuration.profile.value}", {"is" if len(mandatory) == 1 else "are"} disabled. '
            "Remedy: write an exception instead, with a resource, a reason and an expiry date."
        )
    yield from _lowered(configuration, rules)
    yield from _longer(configuration)
    if configuration.profile is Profile.PRODUCTION:
        for rule in rules:
            yield from _weaker(rule, configuration.parameters(rule))


def _lowered(configuration: Configuration, rules: Iterable[Rule]) -> Iterator[str]:
    blocking = [rule for rule in rules if rule.level is Level.MANDATORY]
    lowered = [rule for rule in blocking if configuration.level(rule) is Level.ADVISORY]
    production = configuration.profile is Profile.PRODUCTION
    # Under the other profile a team may lower single rules; that nothing blocks is told.
    if lowered and (production or len(lowered) == len(blocking)):
        yield (
            f"{_listed(lowered)} no longer {'blocks' if len(lowered) == 1 else 'block'}: made "
            f'advisory by the configuration, under profile "{configuration.profile.value}". Remedy: '
            "remove that level, and write exceptions for what has to pass."
        )


def _longer(configuration: Configuration) -> Iterator[str]:
    """Yield that exceptions may hold longer than by default, without a word about them."""
    default = PACK_CONFIGURATION.parameters["maximumExceptionDays"]["default"]
    if configuration.longest_exception > default * _FOR_EVER:
        yield (
            f"Exceptions may hold for {configuration.longest_exception} days, by default {default}: "
            "maximumExceptionDays is set. Remedy: remove it, and renew an exception when it ends."
        )


def _weaker(rule: Rule, given: Mapping[str, object]) -> Iterator[str]:
    """Yield each parameter that asks for less than the rule does by default."""
    for name, value in given.items():
        default = number(rule.parameters.get(name, {}).get("default"))
        chosen = number(value)
        if default is None or chosen is None:
            continue
        if (name.startswith("minimum") and chosen < default) or (
            name.startswith("maximum") and chosen > default
        ):
            yield (
                f"{rule.id} is weaker than by default: {name} is {chosen:g}, by default "
                f'{default:g}, under profile "production". Remedy: remove {name}, or write an '
                "exception for the resource that cannot keep it."
            )


def of_topology(configuration: Configuration, stack: Stack, idle: Sequence[str]) -> Iterator[str]:
    """Yield what the parameter `topology` takes away from a stack that looks highly available.

    `idle` are the rules that do not apply because of it.
    """
    services = (tokens.HIGHLY_AVAILABLE_SERVICE, tokens.SINGLE_INSTANCE_SERVICE)
    if configuration.topology != "single" or stack.of(services):
        return
    groups = stack.of(tokens.AUTO_SCALING_GROUP)
    balancers = stack.of(tokens.LOAD_BALANCER)
    if groups and balancers:
        yield (
            f'The configuration says topology "single", but the stack has Auto Scaling group '
            f'"{groups[0].name}" and load balancer "{balancers[0].name}": {len(idle)} rules about '
            "availability are not applied to them. Remedy: remove topology, or set it to "
            '"ha", and write exceptions for what has to pass.'
        )


def of_exceptions(
    configuration: Configuration, used: Mapping[PolicyException, set[Resource | None]], today: date
) -> Iterator[str]:
    """Yield the exceptions that cover nothing, too much or too long."""
    longest = configuration.longest_exception
    for exception in configuration.exceptions:
        days = (exception.expires - today).days
        if exception not in used:
            yield (
                f"The exception {exception.describe()} covers nothing in this stack. "
                "Remedy: remove it."
            )
        if days > longest:
            yield (
                f"The exception {exception.describe()} holds for {days} days, longer than "
                f"{longest} (maximumExceptionDays). Remedy: set expires to a day on which somebody "
                "looks at it again, or change the rule's level in the configuration."
            )
    everything = [
        exception
        for exception, covered in used.items()
        if _is_everything(exception.resource) and covered - {None}
    ]
    if everything:
        rules = list(dict.fromkeys(exception.rule for exception in everything))
        names = sorted({one.name for each in everything for one in used[each] if one is not None})
        yield (
            f'An exception for resource "{everything[0].resource}" covers whatever is added later, '
            f"too: {len(rules)} of {len(configuration.judging)} rules ({_shortened(rules)}) are set "
            f"aside for the whole stack. Remedy: name what it is for: {_shortened(names)}."
        )


def _is_everything(pattern: str) -> bool:
    """Return whether a glob matches every name, or every URN."""
    return pattern.strip("*?") in ("", "urn:", "urn:pulumi:")


def _listed(rules: Sequence[Rule]) -> str:
    noun = "Rule" if len(rules) == 1 else f"{len(rules)} rules:"
    return f"{noun} {_shortened([rule.id for rule in rules])}"


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
