"""A dynamic resource that does nothing, well written: what the Pulumi engine itself costs, and nobody can avoid."""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


def _load() -> ResourceProvider:
    return DoNothing()


class DoNothing(ResourceProvider):
    """Answer every call at once; pickled by reference, so that the state stays small."""

    serialize_as_secret_always = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _load, ()

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept everything."""
        return CheckResult(news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the one property."""
        return DiffResult(changes=_olds["size"] != _news["size"])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make nothing."""
        return CreateResult("nothing", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Find what was recorded."""
        return ReadResult(id_, props, props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change nothing."""
        return UpdateResult(news)


class Nothing(Resource, module="benchmarks", name="Nothing"):
    """One resource with one property, and others that nobody looks at."""

    def __init__(self, resource_name: str, *, size: int, **others: Any) -> None:
        super().__init__(DoNothing(), resource_name, {"size": size, **others})
