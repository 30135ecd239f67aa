"""What counts as a text that may be secret, for how long, and how it is taken out of an answer."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_dpc._api.redaction import protected_texts, protecting, redact

BAG = {
    "name": "orders-pipeline",
    "advancedProperties": {"api.password": "canary-one", "short": "abc", "four": "abcd", "number": 12345},
    "streamingSource": {
        "connection": {"jdbcProperties": {"nested": ["canary-three"]}, "host": "db.example.com"}
    },
}


def test_the_texts_of_free_properties_may_be_secret_and_nothing_else() -> None:
    """Names, hosts and numbers are what an error text is about; a short text would blank out half of it."""
    assert protected_texts(BAG) == ["canary-three", "canary-one", "abcd"]
    assert protected_texts() == []


def test_texts_are_protected_until_the_block_ends() -> None:
    with protecting(BAG), protecting({"advancedProperties": {"x": "inner"}}):
        assert protected_texts() == ["inner"]
    with pytest.raises(ValueError, match="left"), protecting(BAG):
        raise ValueError("left")
    assert protected_texts() == []


def test_work_given_to_another_thread_by_asyncio_stays_protected() -> None:
    with protecting(BAG):
        assert asyncio.run(_in_another_thread()) == ["canary-three", "canary-one", "abcd"]


async def _in_another_thread() -> list[str]:
    return await asyncio.to_thread(protected_texts)


def test_two_operations_at_a_time_do_not_share_their_texts() -> None:
    """Each hook runs in one thread of a pool from its beginning to its end, as in the provider host."""

    def hook(secret: str) -> list[str]:
        with protecting({"advancedProperties": {"x": secret}}):
            return protected_texts()

    with protecting(BAG), ThreadPoolExecutor(4) as pool:
        secrets = [f"canary-{i}" for i in range(100)]
        assert list(pool.map(hook, secrets)) == [[secret] for secret in secrets]
        assert set(map(tuple, pool.map(lambda _: protected_texts(), range(8)))) == {()}


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b'{"detail": "canary-\\u00e9\\" is weak"}', '{"detail": "[secret] is weak"}'),
        ('{"detail": "canary-é\\" is weak"}'.encode(), '{"detail": "[secret] is weak"}'),
        (json.dumps(json.dumps('canary-é" is weak')).encode(), json.dumps('"[secret] is weak"')),
        (
            json.dumps(json.dumps('canary-é" is weak', ensure_ascii=False)).encode(),
            json.dumps('"[secret] is weak"'),
        ),
        ('<html>canary-é" is weak'.encode(), "<html>[secret] is weak"),
    ],
)
def test_a_secret_is_taken_out_however_the_body_spells_it(body: bytes, left: str) -> None:
    assert redact(body, ['canary-é"']).decode() == left


def test_a_body_without_secrets_means_the_same() -> None:
    body = b'{"detail": "too short"}'
    assert json.loads(redact(body, ["canary"])) == json.loads(body)
