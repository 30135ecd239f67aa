"""What a test of a stack can end in, beside its own assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .result import Result


class TestingError(Exception):
    """Something that a test asked for and that is not so, or cannot be."""

    __test__ = False


class CommandFailed(TestingError):
    """A command that failed; its text is the report that Pulumi's CLI would show.

    Attributes:
        result: What the command did until then, and said.
    """

    def __init__(self, command: str, result: Result) -> None:
        super().__init__(f"`pulumi {command}` failed (exit code {result.exit_code}):\n\n{result.text}")
        self.result = result


class NotAsExpected(TestingError):
    """A command that was expected to fail, and did not; or that failed in another way.

    Attributes:
        result: What the command did, and said.
    """

    def __init__(self, text: str, result: Result) -> None:
        super().__init__(f"{text}:\n\n{result.text}")
        self.result = result


class NotSupported(TestingError):
    """A program that needs what a test without Pulumi's CLI does not have; the text names it."""


class Unresolved(TestingError):
    """An output whose value is not known; the text names it."""
