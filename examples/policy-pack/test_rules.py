"""The rules are plain functions, so they are tested in milliseconds: no engine, no account, not even Pulumi."""

import rules

PIPELINE = {
    "agentId": "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6",
    "streamingSource": {
        "type": "postgres",
        "connection": {
            "host": "db.example.com",
            "port": 5432.0,
            "database": "shop",
            "username": "streaming_user",
            "password": {"secretType": "AWS_SECRETS_MANAGER", "secretName": "shop/streaming"},
        },
    },
    "streamingTarget": {"type": "s3", "bucket": "landing", "prefix": "shop"},
    "advancedProperties": {"slot.name": "shop"},
    "running": True,
}
OTHER = {
    "agentId": "00000000-0000-4000-8000-000000000001",
    "streamingSource": {"type": "mysql"},
    "streamingTarget": {"type": "gcs", "bucket": "landing", "prefix": "shop"},
}


def test_a_sound_pipeline_breaks_no_rule():
    both = [("shop", PIPELINE), ("other", OTHER)]
    assert list(rules.says_whether_it_runs(PIPELINE)) == []
    assert list(rules.is_protected(protect=True)) == []
    assert list(rules.keeps_secrets_in_vaults(PIPELINE, ["AWS_SECRETS_MANAGER"])) == []
    for rule in (rules.share_an_agent, rules.share_a_slot, rules.share_a_prefix):
        assert list(rule(both)) == []


def test_stopped_on_purpose_is_said_too():
    assert list(rules.says_whether_it_runs({"running": False})) == []
    assert len(list(rules.says_whether_it_runs({}))) == 1


def test_a_vault_is_allowed_by_its_type_or_by_its_name():
    reference = {"secretType": "AZURE_KEY_VAULT", "secretName": "a", "secretLocation": "streaming-key-vault"}
    found = {"streamingTarget": {"accountKey": reference}}
    for vaults in (["AZURE_KEY_VAULT"], ["AZURE_KEY_VAULT/streaming-key-vault"]):
        assert list(rules.keeps_secrets_in_vaults(found, vaults)) == []
    (breach,) = rules.keeps_secrets_in_vaults(found, ["AZURE_KEY_VAULT/another", "AWS_SECRETS_MANAGER"])
    assert breach.startswith("streamingTarget.accountKey is in a vault that is not allowed")


def test_a_secret_among_the_free_properties_is_named_and_not_shown():
    connection = {"jdbcProperties": {"sslPassword": "hush", "ssl": "require"}}
    found = {"streamingSource": {"connection": connection}, "advancedProperties": {"my.api.key": "hush"}}
    breaches = list(rules.keeps_secrets_in_vaults(found, []))
    assert len(breaches) == 2
    assert breaches[0].startswith("streamingSource.connection.jdbcProperties.sslPassword may be a secret")
    assert "hush" not in str(breaches)


def test_two_pipelines_on_one_agent():
    (breach,) = rules.share_an_agent(
        [("a", {"agentId": "X"}), ("b", {"agentId": "x"}), ("c", {"agentId": None})]
    )
    assert breach == "'a' and 'b' use one agent: give each its own agent_id"


def test_two_pipelines_with_one_slot():
    unnamed = {**PIPELINE, "advancedProperties": None}
    (breach,) = rules.share_a_slot([("a", unnamed), ("b", PIPELINE), ("c", unnamed), ("d", OTHER)])
    assert breach.startswith("'a' and 'c' read one replication slot of one database")


def test_two_pipelines_with_one_prefix_or_one_below_the_other():
    def target(bucket, prefix):
        return {"streamingTarget": {"type": "s3", "bucket": bucket, "prefix": prefix}}

    def share(one, other):
        return bool(list(rules.share_a_prefix([("a", one), ("b", other)])))

    assert share(target("landing", "shop/"), target("landing", "shop"))
    assert share(target("landing", "shop"), target("landing", "shop/orders"))
    assert share(target("landing", None), target("landing", "shop"))
    assert not share(target("landing", "shop"), target("landing", "shopping"))
    assert not share(target("landing", "shop"), target("elsewhere", "shop"))


def test_what_is_missing_is_left_to_the_provider_which_reports_it():
    kinds = ("s3", "gcs", "abs", "snowflake")
    for found in (
        {},
        {"streamingSource": None, "streamingTarget": None},
        {"streamingSource": {"type": "postgres"}, "advancedProperties": "no mapping"},
        {"streamingSource": {"type": "postgres", "connection": {"host": "db", "port": "none"}}},
        *({"streamingTarget": {"type": kind}} for kind in kinds),
    ):
        for rule in (rules.share_an_agent, rules.share_a_slot, rules.share_a_prefix):
            assert list(rule([("a", found), ("b", found)])) == []


def test_a_breach_repeats_no_value_because_it_may_be_a_secret():
    password = {"secretType": "hush", "secretName": "hush", "secretLocation": "hush"}
    connection = {"host": "hush", "port": 5432, "database": "hush", "password": password}
    hidden = {
        "agentId": "hush",
        "streamingSource": {"type": "postgres", "connection": connection},
        "streamingTarget": {"type": "s3", "bucket": "hush", "prefix": "hush"},
        "advancedProperties": {"slot.name": "hush"},
    }
    both = [("a", hidden), ("b", hidden)]
    breaches = list(rules.keeps_secrets_in_vaults(hidden, ["AWS_SECRETS_MANAGER"]))
    for rule in (rules.share_an_agent, rules.share_a_slot, rules.share_a_prefix):
        breaches += rule(both)
    assert len(breaches) == 4
    assert "hush" not in str(breaches)
