"""What is sent again, when, and for how long: the rules as one function, and the one loop that follows them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from pulumi_dpc.errors import DpcError, Unreachable

from . import failures
from .clock import Clock
from .exchanges import Answer, Exchange, NoAnswer, Request, is_failure
from .json_body import decode
from .pace import Pacer

Notify = Callable[[str], None]
"""Shows whoever waits a line that the next one replaces."""

BUDGET = 120.0
"""Nominal seconds of trying in which another wait may begin; queueing for a turn does not count."""
LONGEST_WAIT = 900.0
"""Longest ``Retry-After`` that is obeyed, in nominal seconds; for a longer one the call gives up."""
FEWEST_ATTEMPTS = 3
"""Attempts that are made even if the first ones used up the budget, as three timeouts of 30 s nearly do."""
FIRST_CONTACT = 15.0
"""Nominal seconds in which a service that has not answered this process yet is given up: its address may be wrong."""
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 30.0


def no_output(_text: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Value:
    """The verdict that an answer holds the value that was asked for."""

    value: Any


@dataclass(frozen=True)
class Again:
    """The verdict that the request may be sent again.

    Attributes:
        error: What to raise when the budget is used up.
        retry_after: Seconds that the service asked to wait; None where the backoff decides.
        rate_limited: The service says that there are too many requests, so every thread has to slow down.
        new_token: Only the token was refused: send it again at once, with another one.
    """

    error: DpcError
    retry_after: float | None = None
    rate_limited: bool = False
    new_token: bool = False


@dataclass(frozen=True)
class Fail:
    """The verdict that the request has failed for good."""

    error: DpcError


def judge(request: Request, exchange: Exchange, now: float = 0.0) -> Value | Again | Fail:
    """Return what an exchange means for its request: the table of ``docs/reference/client.md``.

    Args:
        request: What was sent.
        exchange: What came back.
        now: Unix time, for a ``Retry-After`` that is a date.
    """
    if isinstance(exchange, NoAnswer):
        return _unanswered(request, exchange)
    if exchange.is_success:
        return _read(request, exchange)
    error = failures.refusal(request, exchange)
    wait = retry_after(exchange.headers.get("retry-after"), now)
    if exchange.is_rate_limited:
        return Again(error, wait, rate_limited=True)
    if is_failure(exchange.status):
        return _unconfirmed(request, error, wait)
    if exchange.status == HTTPStatus.UNAUTHORIZED and request.renewable:
        return Again(error, new_token=True)
    return Fail(error)


def _unanswered(request: Request, missing: NoAnswer) -> Again | Fail:
    error = failures.no_answer(request, missing)
    if missing.sent:
        return _unconfirmed(request, error)
    return Fail(error) if missing.final else Again(error)


def _read(request: Request, answer: Answer) -> Value | Again | Fail:
    """Return the value of a success, or the verdict on one whose body cannot be used."""
    why = answer.broken or "its body is not what it should be"
    try:
        value = decode(answer.body)
        if answer.broken is None and request.usable(value):
            return Value(value)
    except ValueError:
        why = answer.broken or "its body is not JSON"
    return _unconfirmed(request, failures.unusable(request, answer, why))


def _unconfirmed(request: Request, error: DpcError, wait: float | None = None) -> Again | Fail:
    """Return the verdict on an exchange that leaves open whether the service did what it was asked."""
    error.maybe_applied = request.changes
    return Again(error, wait) if request.repeatable else Fail(error)


def call_with_retries(
    request: Request,
    send: Callable[[], Exchange],
    pacer: Pacer,
    clock: Clock,
    notify: Notify,
    *,
    once: bool = False,
) -> Any:
    """Send a request, again while `judge` allows it and the budget lasts, and return its value.

    Before each wait ``notify`` is told why and how long: minutes of silence would look like a hang. With ``once`` there
    is no wait. The error of the last attempt is raised, or `Interrupted`; ``maybe_applied`` speaks for all attempts.
    """
    spent, attempts, maybe_applied = 0.0, 0, False
    try:
        while True:
            began = pacer.turn()
            exchange = send()
            _tell_pace(pacer, exchange)
            verdict = judge(request, exchange, clock.wall())
            if isinstance(verdict, Value):
                return verdict.value
            maybe_applied |= verdict.error.maybe_applied
            if isinstance(verdict, Fail):
                raise verdict.error
            if verdict.new_token:
                request = replace(request, renewable=False)  # once: the next 401 is final
                continue
            attempts += 1
            delay = verdict.retry_after or backoff(attempts)
            took = clock.now() - began
            spent += took
            unmet = isinstance(verdict.error, Unreachable) and not pacer.answered
            if once or not (may_hope(delay, spent, took) if unmet else may_wait(delay, spent, attempts)):
                raise verdict.error
            spent += delay
            notify(f"{str(verdict.error).partition(chr(10))[0]}; trying again in {delay:.0f} s")
            if verdict.rate_limited:
                pacer.rate_limited(began, delay)
            else:
                clock.sleep(delay)
    except DpcError as error:
        error.maybe_applied |= maybe_applied
        raise


def _tell_pace(pacer: Pacer, exchange: Exchange) -> None:
    if isinstance(exchange, Answer):
        pacer.answered = True
        if not exchange.is_rate_limited:
            pacer.accepted()


def may_wait(delay: float, spent: float, attempts: int) -> bool:
    """Tell whether another attempt is made after this delay."""
    return delay <= LONGEST_WAIT and (spent < BUDGET or attempts < FEWEST_ATTEMPTS)


def may_hope(delay: float, spent: float, took: float) -> bool:
    """Tell whether another attempt is made to reach a service that was never reached, if it takes as long again."""
    return spent + delay + took <= FIRST_CONTACT


def backoff(attempts: int) -> float:
    """Return the seconds to wait after so many attempts: 1, 2, 4 … 30, each a fifth more or less by chance."""
    base = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(attempts - 1, 10))
    return base * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait; None where the normal backoff applies.

    A ``Retry-After`` of zero, or a date already past, is ignored (obeying it would send thousands of requests); the
    normal backoff applies.

    Args:
        value: The header: seconds or a date (the vendor does not say which, ``docs/api.md`` section 1.3).
        now: Unix time.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now)
    return seconds if math.isfinite(seconds) and seconds >= FIRST_BACKOFF else None


def _until(date: str, now: float) -> float:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return math.nan
