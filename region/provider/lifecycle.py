"""The steps of a resource's life, the same for every type; `service.py` speaks gRPC around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from region.provider import autoname, made_up, validate
from region.provider.autoname import Naming
from region.provider.compare import Change
from region.provider.errors import CheckFailure, describe, is_missing
from region.provider.handler import DEFAULTS_KEY, Handler, document_text
from region.provider.operation import Operation
from region.provider.schema import coerce, resource_schema
from region.provider.values import UNKNOWN, Properties, is_known, plain, seal


@dataclass(frozen=True, slots=True)
class Autonaming:
    """The engine's autonaming configuration: the name to use, or that the program must set names."""

    proposed: str = ""
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class CheckTask:
    """What the engine sends to be checked; properties may hold secrets."""

    logical_name: str
    news: Properties
    olds: Properties
    seed: bytes = b""
    autonaming: Autonaming = Autonaming()


class InitError(Exception):
    """The resource exists but is not ready: the engine keeps it in its state and tries again."""

    def __init__(self, identity: str, properties: Properties, inputs: Properties, why: str) -> None:
        super().__init__(why)
        self.identity = identity
        self.properties = properties
        self.inputs = inputs
        self.why = why


@dataclass(frozen=True, slots=True)
class Difference:
    """The result of a diff: the changes, those that replace, and the order of a replacement."""

    changes: list[Change]
    replacing: frozenset[str]
    delete_first: bool


def check(
    handler: Handler, op: Operation, task: CheckTask
) -> tuple[Properties, list[CheckFailure]]:
    """Return complete inputs (with defaults, name and default tags) and what is wrong with them."""
    schema = resource_schema(handler.resource_type)
    inputs = _stripped(plain(task.news))
    for path in handler.documents & inputs.keys():
        inputs[path] = document_text(inputs[path])
    inputs = coerce(schema.inputs, inputs)
    supported = handler.supported | ({"region"} if handler.regional else frozenset())
    failures = validate.problems(schema, supported, handler.hints, inputs)
    failures.extend(_check_region(handler, op, inputs))
    if failures:
        return inputs, failures
    _add_default_tags(handler, op, inputs)
    defaulted = _add_defaults(handler, inputs)
    failures.extend(_add_name(handler, inputs, task, defaulted))
    failures.extend(handler.check(op, inputs, _stripped(plain(task.olds))))
    sealed = seal(inputs, task.news)
    sealed[DEFAULTS_KEY] = sorted(defaulted)
    return sealed, failures


def _stripped(properties: Mapping[str, Any]) -> Properties:
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def _check_region(handler: Handler, op: Operation, inputs: Properties) -> Iterable[CheckFailure]:
    region = inputs.get("region", op.region)
    elsewhere = isinstance(region, str) and region != op.region and not op.context.preview_only
    if handler.regional and elsewhere:
        yield CheckFailure(
            "region",
            f"the local region is {op.region!r} and not {region!r}; remove 'region' or start the "
            "local region as that one",
        )


def _add_default_tags(handler: Handler, op: Operation, inputs: Properties) -> None:
    """Merge `defaultTags` into the inputs, as the real provider does."""
    tags = inputs.get("tags", {})
    if handler.taggable and op.session.default_tags and isinstance(tags, dict):
        inputs["tags"] = {**op.session.default_tags, **tags}


def _add_defaults(handler: Handler, inputs: Properties) -> set[str]:
    missing = {name: value for name, value in handler.defaults.items() if name not in inputs}
    inputs.update(missing)
    return set(missing)


def _add_name(
    handler: Handler, inputs: Properties, task: CheckTask, defaulted: set[str]
) -> Iterable[CheckFailure]:
    naming = handler.naming
    if naming is None:
        return []
    name = inputs.get(naming.prop)
    if name is None:
        kept = _kept_name(naming, inputs, task)
        if kept is None and task.autonaming.disabled:
            reason = f"autonaming is disabled and {naming.prop!r} is not set; set it"
            return [CheckFailure(naming.prop, reason)]
        name = kept or _fresh_name(naming, inputs, task)
        inputs[naming.prop] = name
        defaulted.add(naming.prop)
    problem = naming.problem(name) if isinstance(name, str) else None
    return [CheckFailure(naming.prop, problem)] if problem else []


def _kept_name(naming: Naming, inputs: Properties, task: CheckTask) -> str | None:
    """Return the name chosen earlier, unless the program set that one itself or changed its prefix."""
    olds = plain(task.olds)
    name = olds.get(naming.prop)
    if not isinstance(name, str) or naming.prop not in olds.get(DEFAULTS_KEY, []):
        return None
    if naming.prefix and olds.get(naming.prefix) != inputs.get(naming.prefix):
        return None
    return name


def _fresh_name(naming: Naming, inputs: Properties, task: CheckTask) -> Any:
    prefix = inputs.get(naming.prefix) if naming.prefix else None
    if prefix is UNKNOWN:
        return UNKNOWN
    if isinstance(prefix, str):
        return autoname.extend(naming, prefix, task.seed)
    if task.autonaming.proposed:
        return task.autonaming.proposed
    return autoname.choose(naming, task.logical_name, task.seed)


def diff(handler: Handler, old_inputs: Properties, new_inputs: Properties) -> Difference:
    """Return what an update would have to do."""
    old, new = plain(old_inputs), plain(new_inputs)
    changes = handler.semantics.changes(_stripped(old), _stripped(new))
    tops = frozenset(change.top for change in changes)
    forced = {change.top for change in changes if handler.replacing(change.dotted)}
    replacing = frozenset(forced) | handler.replaces(old, new, tops)
    return Difference(changes, replacing, bool(replacing) and _delete_first(handler, old, new))


def _delete_first(handler: Handler, old: Properties, new: Properties) -> bool:
    """Whether the old resource goes first: two cannot share a name that the program set."""
    if handler.fixed_identity:
        return True
    naming = handler.naming
    if naming is None or naming.prop in new.get(DEFAULTS_KEY, []):
        return False
    return new.get(naming.prop) == old.get(naming.prop)


def preview_create(handler: Handler, inputs: Properties) -> Properties:
    """Return the outputs of a resource that does not exist yet."""
    schema = resource_schema(handler.resource_type)
    state = _stripped(inputs)
    for name in schema.outputs | handler.computed:
        state.setdefault(name, UNKNOWN)
    return _with_all_tags(handler, state)


def preview_update(
    handler: Handler, state: Properties, old: Properties, new: Properties
) -> Properties:
    """Return the outputs that a resource will have after an update, as far as they are known."""
    tops = frozenset(
        change.top
        for change in handler.semantics.changes(_stripped(plain(old)), _stripped(plain(new)))
    )
    merged = _merged(state, old, new)
    merged.update(dict.fromkeys(handler.changes_outputs(tops), UNKNOWN))
    return _with_all_tags(handler, merged)


def _merged(state: Properties, old: Properties, new: Properties) -> Properties:
    """Return the last state with new inputs, without inputs that are no longer set."""
    kept = {name: value for name, value in state.items() if name not in old or name in new}
    return {**kept, **_stripped(new)}


def create(handler: Handler, op: Operation, tagged: Properties) -> tuple[str, Properties]:
    """Create a resource, wait until it is ready and return its id and outputs."""
    inputs = _known_inputs(handler, tagged)
    identity = handler.create(op, inputs)
    try:
        handler.apply(op, identity, inputs, None)
        state = _outputs(handler, op, identity, inputs, inputs)
    except Exception as error:
        # The resource exists: report it to the engine, or nobody would ever delete it.
        raise InitError(identity, seal(inputs, tagged), tagged, describe(error)) from error
    return identity, seal(state, tagged)


def update(
    handler: Handler, op: Operation, identity: str, olds: tuple[Properties, Properties], tagged: Any
) -> Properties:
    """Change a resource in place; `olds` are its last state and its last inputs."""
    state, old = plain(olds[0]), _stripped(plain(olds[1]))
    new = _known_inputs(handler, tagged)
    handler.apply(op, identity, new, old)
    return seal(_outputs(handler, op, identity, _merged(state, old, new), new), tagged)


def _known_inputs(handler: Handler, tagged: Properties) -> Properties:
    inputs = _stripped(plain(tagged))
    if not is_known(inputs):
        # Cannot happen in an update that the engine orders by dependencies.
        unknown = sorted(name for name, value in inputs.items() if not is_known(value))
        raise ValueError(f"{handler.resource_type} got unknown inputs: {', '.join(unknown)}")
    return inputs


def _outputs(
    handler: Handler, op: Operation, identity: str, state: Properties, inputs: Properties
) -> Properties:
    live = handler.read(op, identity, state)
    if live is None:
        raise LookupError(
            f"{handler.resource_type} {identity!r} vanished right after it was changed"
        )
    return _state(handler, state, inputs, live)


def _state(handler: Handler, state: Properties, inputs: Properties, live: Properties) -> Properties:
    """Return the outputs: what the region reports, as the program wrote it where both mean the same."""
    reported = {
        name: inputs[name]
        if name in inputs and handler.semantics.equal(name, inputs[name], value)
        else value
        for name, value in live.items()
    }
    return _with_all_tags(handler, {**state, **reported})


def _with_all_tags(handler: Handler, state: Properties) -> Properties:
    return {**state, "tagsAll": state.get("tags", {})} if handler.taggable else state


def read(
    handler: Handler, op: Operation, identity: str, state: Properties, tagged: Properties
) -> tuple[Properties, Properties] | None:
    """Return outputs and inputs of a resource as the region holds it now, or None if it is gone.

    Where nothing is created, what the region does not hold exists on AWS only, and is made up.
    """
    inputs = _stripped(plain(tagged))
    known_state = _stripped(plain(state))
    try:
        live = handler.read(op, identity, {**known_state, **inputs})
    except Exception as error:
        if not is_missing(error) and not op.context.preview_only:
            raise
        live = None
    if live is None and op.context.preview_only:
        return made_up.resource(handler.resource_type, identity, known_state), {}
    if live is None:
        return None
    outputs = seal(_state(handler, known_state, inputs, live), {**state, **tagged})
    if not inputs:
        return outputs, _imported(handler, live)
    refreshed = seal(handler.semantics.refreshed(inputs, live), tagged)
    return outputs, {**refreshed, DEFAULTS_KEY: tagged.get(DEFAULTS_KEY, [])}


def _imported(handler: Handler, live: Properties) -> Properties:
    """Return the inputs of an imported resource: supported properties that the region reports."""
    tops = {path.split(".")[0] for path in handler.supported}
    return {name: value for name, value in live.items() if name in tops and value not in ({}, [])}


def delete(handler: Handler, op: Operation, identity: str, state: Properties) -> None:
    """Delete a resource; one that is already gone is a success."""
    try:
        handler.delete(op, identity, plain(state))
    except Exception as error:
        if not is_missing(error):
            raise
