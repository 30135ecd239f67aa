"""Resource options as the engine can take them, whether given, or merged by a transformation or a transform."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_dpc._names import IMPORT_ID, INPUTS, OUTPUTS, SECRET_PATHS, STREAMING_PIPELINE_TYPE

from .secrecy import secret_paths

if TYPE_CHECKING:
    from pulumi.runtime.proto import callback_pb2

    from pulumi_dpc._definition.paths import Reading

Properties = Mapping[str, Any]
Warn = Callable[[str], None]
_OPTIONS = ("ignore_changes", "replace_on_changes", "additional_secret_outputs")
"""The options that take property paths."""


@dataclass(frozen=True)
class Kind:
    """A kind of resource, as its options know it.

    Attributes:
        token: Its type in state files.
        noun: What one is called, with its article.
        inputs: The properties that it takes.
        outputs: Those that it has.
        deletes_first: A replacement never stands beside the old object.
    """

    token: str
    noun: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    deletes_first: bool

    def properties_of(self, option: str) -> Sequence[str]:
        """Return the properties that an option's paths may name."""
        return self.outputs if option == "additional_secret_outputs" else self.inputs


PIPELINES = Kind(STREAMING_PIPELINE_TYPE, "a streaming pipeline", INPUTS, OUTPUTS, deletes_first=True)
"""A project has one pipeline of a name and an agent runs one pipeline, so the new one cannot stand beside the old."""


def as_registered(
    props: Properties, opts: pulumi.ResourceOptions, warn: Warn, kind: Kind = PIPELINES
) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """Return properties and options in the state's spelling, with delete-before-replace as its kind needs it.

    The engine cannot import a dynamic resource, so the id that ``import_`` names becomes a property: create adopts it.

    Args:
        props: The resource's properties, by their names in the state.
        opts: Its options; they are not changed.
        warn: Takes a warning about a path that names nothing.
        kind: What kind of resource it is.
    """
    properties, options = dict(props), copy.copy(opts)
    for option in _OPTIONS:
        paths = getattr(options, option)
        if isinstance(paths, Sequence) and not isinstance(paths, str):
            spelled = [text for path in paths for text in _in_state_spelling(kind, option, path, props, warn)]
            setattr(options, option, list(dict.fromkeys(spelled)))
    if options.delete_before_replace is None and kind.deletes_first:
        options.delete_before_replace = True
    if options.import_ is not None and options.id is None:
        properties[IMPORT_ID], options.import_ = options.import_, None
    secrets = secret_paths(
        {key: value for key, value in properties.items() if not key.startswith("__")},
        (*_known_secrets(props), *_whole_secrets(kind, options)),
    )
    if secrets is not None:
        properties[SECRET_PATHS] = secrets
    return properties, options


def _known_secrets(props: Properties) -> list[str]:
    """Return the paths that were found secret before a transform, which may not show them as such."""
    paths = props.get(SECRET_PATHS)
    return paths if isinstance(paths, list) else []


def _whole_secrets(kind: Kind, options: pulumi.ResourceOptions) -> list[str]:
    """Return the paths of the inputs that `additional_secret_outputs` names."""
    named = options.additional_secret_outputs
    return [f"/{name}" for name in named or () if name in kind.inputs] if isinstance(named, list) else []


def _in_state_spelling(kind: Kind, option: str, path: Any, props: Properties, warn: Warn) -> Sequence[Any]:
    """Return a property path with our fields, at any depth, in the API's spelling; users' own keys stay."""
    names = kind.properties_of(option)
    if not isinstance(path, str) or path in names or path.startswith("__"):
        return [path]
    from pulumi_dpc._definition.paths import read_path, resource_shape

    reading = read_path(path, resource_shape(names))
    if reading is None:
        warn(f'{option} has {path!r}, which is no property path and has no effect: write a.b, a[0] or a["b"]')
        return [path]
    if reading.stranger is not None and not _is_said(props, [step.key for step in reading.steps]):
        warn(_names_nothing(kind, option, path, reading))
    if option != "additional_secret_outputs":
        return [reading.text]
    # The engine knows whole outputs only, and would leave a part of one, or all of them, in plain text.
    first = reading.steps[0]
    return names if first.is_all else [first.key]


def _is_said(props: Properties, keys: Sequence[str | None]) -> bool:
    """Tell whether the program itself has something there: a field may be newer than this version."""
    value: Any = props
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


def _names_nothing(kind: Kind, option: str, path: str, reading: Reading) -> str:
    from pulumi_dpc._definition.paths import python_name, steps_of

    steps, number = steps_of(path) or [], reading.stranger or 0
    above = "".join(step.text for step in steps[:number])
    where = f"in {above}" if above else f"among the properties of {kind.noun}"
    hint = f" (did you mean `{python_name(reading.near)}`?)" if reading.near else ""
    stranger = steps[number].key or steps[number].text
    return f"{option} has {path!r}, but there is no `{stranger}` {where}{hint}, so it has no effect"


def patch_transforms(kind: Kind) -> None:
    """Patch the SDK so that options which a transform gives a resource of this kind are spelled like the program's.

    Transforms run last, on a request of the engine to this process, and it does not matter whose they are: the
    resource's, a component's or the stack's. The SDK has no place for a resource in between, so what registers them is
    replaced; in an SDK that has it no more, transforms must use the state's spelling.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from pulumi.runtime._callbacks import _CallbackServicer

        register = _CallbackServicer.register_transform

        @functools.wraps(register)
        def spelling(
            servicer: _CallbackServicer, transform: pulumi.ResourceTransform
        ) -> callback_pb2.Callback:
            return register(servicer, _spelled(transform, kind))

        _CallbackServicer.register_transform = spelling  # type: ignore[method-assign,assignment]


@functools.cache  # the SDK knows by its identity that a transform is registered already
def _spelled(transform: pulumi.ResourceTransform, kind: Kind) -> pulumi.ResourceTransform:
    async def spelled(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        known = {path for option in _OPTIONS for path in getattr(args.opts, option) or ()}
        answer = transform(args)
        result = await answer if isinstance(answer, Awaitable) else answer
        if result is None or args.type_ != kind.token:
            return result

        def warn(text: str) -> None:
            if not any(repr(path) in text for path in known):  # it was said when that came
                warn_of(args.name)(text)

        return pulumi.ResourceTransformResult(
            *as_registered(result.props, result.opts or args.opts, warn, kind)
        )

    return spelled


def warn_of(resource_name: str) -> Warn:
    """Return what shows a warning about a resource of the program."""
    return lambda text: pulumi.log.warn(f"{resource_name}: {text}")
