"""The emulator keeps, shows and answers something else than it was given, where a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_dpc.emulator import Emulator
from tests.emulator.caller import GUIDE_DEFINITION, PIPELINES, Caller, definition, without

NAME = GUIDE_DEFINITION["name"]
SIZE = ("advancedProperties", "max.batch.size")
ROLE = ("streamingTarget", "role")
SCHEMAS = ("streamingSource", "tables", "*", "schema")
PASSWORD = ("streamingSource", "connection", "password", "secretName")


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def caller(api: Emulator) -> Iterator[Caller]:
    with Caller(api) as one:
        yield one


def at(value: Any, path: tuple[str, ...]) -> Any:
    """Return what a path leads to; a list of it where the path goes through every item."""
    for position, key in enumerate(path):
        if key == "*":
            return [at(item, path[position + 1 :]) for item in value]
        value = value.get(key)
    return value


def replaced(path: tuple[str, ...], item: Any) -> dict[str, Any]:
    """Return the guide's definition with one part replaced; only where no list is on the way."""
    changed = definition()
    at(changed, path[:-1])[path[-1]] = item
    return changed


class TestStored:
    """What a POST and a PUT leave in the service."""

    @pytest.mark.parametrize(
        ("switch", "path", "sent", "kept"),
        [
            ("dropped", SIZE, 10000, None),
            ("dropped", ("streamingTarget", "connection", "jdbcProperties"), {"a": "b"}, None),
            ("retyped", SIZE, 10000, "10000"),
            ("retyped", SIZE, 0.5, "0.5"),
            ("retyped", SIZE, "-5", -5),
            ("retyped", SIZE, "5 MB", "5 MB"),
            ("retyped", SIZE, True, True),
            ("recased", ROLE, "Loader", "LOADER"),
            ("recased", ROLE, "LOADER", "loader"),
            ("recased", ("streamingTarget", "temporalMapping"), "native", "native"),
            ("recased", SIZE, 10000, 10000),
        ],
    )
    def test_something_else_is_kept_than_was_sent(
        self, caller: Caller, switch: str, path: tuple[str, ...], sent: Any, kept: Any
    ) -> None:
        """A service that tidies up what it is given would be changed anew by every run, for ever."""
        setattr(caller.api.settings, switch, (path,))
        body = replaced(path, sent)
        made = caller.send("POST", PIPELINES, body)
        url = f"{PIPELINES}/{made.json()['streamingPipelineId']}"
        put = caller.send("PUT", url, body)
        seen = [made.json(), put.json(), caller.send("GET", url).json(), caller.api.pipeline(NAME).definition]
        assert [at(one, path) for one in seen] == [kept] * 4
        assert [type(at(one, path)) for one in seen] == [type(kept)] * 4

    def test_all_else_is_kept_as_it_was_sent(self, api: Emulator, caller: Caller) -> None:
        """A switch that touched its neighbours would make a test fail for the wrong reason."""
        api.settings.dropped = (SIZE,)
        caller.make()
        assert api.pipeline(NAME).definition == {**GUIDE_DEFINITION, "advancedProperties": {}}

    def test_a_path_can_go_through_every_item_of_a_list(self, api: Emulator, caller: Caller) -> None:
        """Tables are the one list of a definition, and their names are where letter case is lost."""
        api.settings.recased = (SCHEMAS,)
        caller.make()
        assert at(api.pipeline(NAME).definition, SCHEMAS) == ["DBO", "SALES"]
        api.settings.recased, api.settings.dropped = (), (SCHEMAS,)
        api.settings.added = {("streamingSource", "tables", "*", "columns"): ["id"]}
        caller.make(name="second")
        tables = [{"table": name, "columns": ["id"]} for name in ("Customers", "Orders")]
        assert at(api.pipeline("second").definition, ("streamingSource", "tables")) == tables

    def test_every_item_of_a_list_can_be_dropped(self, api: Emulator, caller: Caller) -> None:
        """The list itself stays, empty, which is not the same as absent."""
        api.settings.dropped = (("streamingSource", "tables", "*"),)
        caller.make()
        assert at(api.pipeline(NAME).definition, ("streamingSource", "tables")) == []

    def test_defaults_are_filled_in_where_nothing_was_sent(self, api: Emulator, caller: Caller) -> None:
        """Services answer with their defaults, and a client must not take these for somebody's edit."""
        wait = ("advancedProperties", "max.wait.ms")
        api.settings.added = {SIZE: 1, wait: 500}
        path = caller.make()
        assert at(caller.send("GET", path).json(), SIZE[:1]) == {"max.batch.size": 10000, "max.wait.ms": 500}
        caller.send("PUT", path, without(definition(), "advancedProperties"))
        assert "advancedProperties" not in caller.send("GET", path).json()

    def test_what_is_dropped_and_added_is_replaced(self, caller: Caller) -> None:
        """A service may insist on a value of its own."""
        caller.api.settings.dropped = (SIZE,)
        caller.api.settings.added = {SIZE: 512}
        assert at(caller.send("GET", caller.make()).json(), SIZE) == 512

    def test_what_is_filled_in_is_a_copy(self, api: Emulator, caller: Caller) -> None:
        """What is changed later in a test must not change what was stored."""
        defaults: dict[str, Any] = {"a": 1}
        api.settings.added = {("defaults",): defaults}
        caller.make(name="made")
        caller.send("PUT", caller.make(name="old"), definition(name="replaced"))
        defaults["a"] = 2
        assert [one.definition["defaults"] for one in api.pipelines] == [{"a": 1}] * 2

    @pytest.mark.parametrize("switch", ["dropped", "retyped", "recased", "masked"])
    @pytest.mark.parametrize(
        "path", [("nowhere",), ("name", "first"), ("streamingTarget", "*", "role"), (*SIZE, "*"), ("*",)]
    )
    def test_a_path_that_leads_nowhere_does_nothing(
        self, caller: Caller, switch: str, path: tuple[str, ...]
    ) -> None:
        """One switch serves definitions of every kind of source."""
        setattr(caller.api.settings, switch, (path,))
        caller.make()
        assert caller.api.pipeline(NAME).definition == GUIDE_DEFINITION

    def test_nothing_is_filled_in_where_the_object_around_it_is_absent(
        self, api: Emulator, caller: Caller
    ) -> None:
        """A service has no defaults for a part that is not there."""
        api.settings.added = {("scheduling", "zone"): "UTC", ("name", "first"): "x"}
        caller.make()
        assert api.pipeline(NAME).definition == GUIDE_DEFINITION

    def test_a_pipeline_runs_with_what_is_kept(self, api: Emulator, caller: Caller) -> None:
        """What was sent is gone, so nothing can run with it."""
        api.settings.retyped = (SIZE,)
        caller.command(caller.make(), "START")
        running = api.pipeline(NAME).running_definition
        assert at(running, SIZE) == "10000"

    def test_names_are_unique_as_they_are_kept(self, api: Emulator, caller: Caller) -> None:
        """A database compares what it holds; of two names that differ in case, one is taken."""
        api.settings.recased, api.settings.duplicate_name = (("name",),), 409
        caller.make(name="orders")
        assert caller.send("POST", PIPELINES, definition(name="Orders")).status_code == 409

    def test_a_name_or_agent_that_is_not_kept_breaks_nothing(self, api: Emulator, caller: Caller) -> None:
        """A switch on any path must lead to an odd answer, never to a crash."""
        api.settings.dropped = (("name",), ("agentId",))
        path = caller.make()
        assert (caller.status(path), caller.send("GET", path).json().get("name")) == ("UNKNOWN", None)

    def test_pipelines_that_are_there_already_stay_as_they_are(self, api: Emulator, caller: Caller) -> None:
        """A service that is updated does not rewrite what it holds."""
        path = caller.make()
        api.settings.dropped = (SIZE,)
        assert at(caller.send("GET", path).json(), SIZE) == 10000
        caller.send("PUT", path, definition())
        assert at(caller.send("GET", path).json(), SIZE) is None


class TestShown:
    """What answers hide."""

    def test_a_masked_text_is_kept_and_never_shown(self, api: Emulator, caller: Caller) -> None:
        """Many services answer stars for secrets; a client must not take them for the value."""
        api.settings.masked = (PASSWORD, SIZE)
        made = caller.send("POST", PIPELINES, definition()).json()
        path = f"{PIPELINES}/{made['streamingPipelineId']}"
        put = caller.send("PUT", path, definition()).json()
        caller.command(path, "START")
        listed = caller.send("GET", PIPELINES).json()["results"]
        answers = [made, put, caller.send("GET", path).json(), *listed]
        assert [at(answer, PASSWORD) for answer in answers] == ["********"] * 4
        assert [at(answer, SIZE) for answer in answers] == [10000] * 4
        kept = api.pipeline(NAME)
        assert kept.definition == kept.running_definition == GUIDE_DEFINITION

    def test_texts_are_masked_in_every_item_of_a_list(self, api: Emulator, caller: Caller) -> None:
        """As with what is stored."""
        api.settings.masked = (SCHEMAS,)
        assert at(caller.send("GET", caller.make()).json(), SCHEMAS) == ["********", "********"]


class TestAnswered:
    """What a POST and a PUT answer."""

    def sent_and_answered(self, caller: Caller, word: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        caller.api.settings.write_answer = word
        sent = definition(labels={"team": "x"})
        sent["streamingTarget"]["temporalMapping"] = "native"
        made = caller.send("POST", PIPELINES, sent)
        path = f"{PIPELINES}/{made.json()['streamingPipelineId']}"
        put = caller.send("PUT", path, sent)
        assert (made.status_code, put.status_code) == (201, 200)
        return sent, [made.json(), put.json()]

    def ids(self, caller: Caller) -> dict[str, str]:
        kept = caller.api.pipeline(NAME)
        return {"projectId": kept.project_id, "streamingPipelineId": kept.id}

    def test_writes_can_answer_what_was_stored(self, caller: Caller) -> None:
        """The documented behaviour; what a GET says next is no surprise."""
        caller.api.settings.dropped = (SIZE,)
        _, answers = self.sent_and_answered(caller, "stored")
        assert answers == [{**GUIDE_DEFINITION, "advancedProperties": {}, **self.ids(caller)}] * 2

    def test_writes_can_answer_what_was_sent(self, caller: Caller) -> None:
        """An echo looks like proof that all was stored; only a GET tells."""
        caller.api.settings.dropped = (SIZE,)
        sent, answers = self.sent_and_answered(caller, "echo")
        assert answers == [{**sent, **self.ids(caller)}] * 2
        assert caller.api.pipeline(NAME).definition["advancedProperties"] == {}

    def test_an_echo_is_masked_too(self, caller: Caller) -> None:
        """Every answer shows stars, wherever the text comes from."""
        caller.api.settings.masked = (PASSWORD,)
        _, answers = self.sent_and_answered(caller, "echo")
        assert [at(answer, PASSWORD) for answer in answers] == ["********"] * 2

    def test_writes_can_answer_the_ids_alone(self, caller: Caller) -> None:
        """No property of an answer is promised, so a client must manage with the id."""
        _, answers = self.sent_and_answered(caller, "ids")
        assert answers == [self.ids(caller)] * 2


class TestSwitches:
    """How the switches are given."""

    def test_they_can_be_given_at_the_beginning(self) -> None:
        """One line, as with every other setting."""
        with Emulator(dropped=(SIZE,), added={("labels",): []}) as api, Caller(api) as caller:
            read = caller.send("GET", caller.make()).json()
            assert (read["advancedProperties"], read["labels"]) == ({}, [])

    @pytest.mark.parametrize(
        ("switch", "value", "error", "sentence"),
        [
            ("write_answer", "nothing", ValueError, "write_answer is one of 'stored', 'echo', 'ids', not"),
            ("dropped", "name", TypeError, "dropped is a tuple of paths, not 'name'"),
            ("masked", [("name",)], TypeError, r"masked is a tuple of paths, not \[\('name',\)\]"),
            (
                "retyped",
                ("advancedProperties", "max.batch.size"),
                TypeError,
                r"retyped: a path is a tuple of texts such as \('streamingTarget', 'prefix'\), not 'advancedPro",
            ),
            ("recased", (("tables", 0),), TypeError, r"recased: .*, not \('tables', 0\)"),
            ("dropped", ((),), TypeError, r"dropped: .*, not \(\)"),
            ("added", (("name",),), TypeError, "added is a mapping from paths to what is stored there, not"),
            ("added", {"name": "x"}, TypeError, "added: .*, not 'name'"),
            (
                "added",
                {("tables", "*"): 1},
                ValueError,
                r"added: a path ends in the key to store, not in '\*'",
            ),
        ],
    )
    def test_a_value_that_cannot_be_is_told(
        self, api: Emulator, switch: str, value: Any, error: type[Exception], sentence: str
    ) -> None:
        """Taken as it is, it would lead nowhere, and the test would pass without testing anything."""
        with pytest.raises(error, match=sentence):
            setattr(api.settings, switch, value)
