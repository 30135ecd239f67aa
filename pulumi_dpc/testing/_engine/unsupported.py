"""What the engine double refuses: by name, so that nobody takes its silence for Pulumi's consent."""

from __future__ import annotations


class Unsupported(Exception):
    """The engine double does not do this; the real engine may."""


class BrokenMock(Unsupported):
    """A mock gives what no provider could give, or raises: a mistake of the test, and no failure of its program."""


def missing(token: str, what: str) -> str:
    """Return the sentence that says what a test has to give."""
    return (
        f"the program needs {token} ({what}), which is of another package and has no provider in a test:"
        f" say what it answers with mocks={{{token!r}: {{...}}}}"
    )
