"""Guard rails for streaming pipelines: which rule is asked of which resources, and how strictly.

The pack has a virtual environment of its own, without the provider: it needs only the names of properties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import rules
from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

STRINGS = {"type": "array", "items": {"type": "string"}}
PRODUCTION = PolicyConfigSchema(properties={"stacks": {**STRINGS, "default": ["production"]}})
VAULTS = PolicyConfigSchema(
    properties={
        "vaults": {
            **STRINGS,
            "default": ["AWS_SECRETS_MANAGER", "AZURE_KEY_VAULT", "GOOGLE_SECRET_MANAGER"],
        }
    }
)


def of_each(rule: Callable[[ResourceValidationArgs], Iterator[str]]) -> Callable[..., None]:
    """Return the validation that asks this of every streaming pipeline, and of nothing else."""

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type == rules.TYPE:
            for breach in rule(args):
                report_violation(breach)

    return validate


def in_production(rule: Callable[[ResourceValidationArgs], Iterator[str]]) -> Callable[..., None]:
    """Return the validation that asks this of the streaming pipelines of the stacks that the configuration names."""
    return of_each(
        lambda args: rule(args) if rules.stack_of(args.urn) in args.get_config()["stacks"] else iter(())
    )


def of_all(rule: Callable[[rules.Pipelines], Iterator[str]]) -> Callable[..., None]:
    """Return the validation that asks this of all streaming pipelines of the stack together."""

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        pipelines = [(one.name, one.props) for one in args.resources if one.resource_type == rules.TYPE]
        for breach in rule(pipelines):
            report_violation(breach)

    return validate


PolicyPack(
    name="streaming-pipelines",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(
            name="production-says-whether-it-runs",
            description="In production a program says whether each pipeline runs.",
            config_schema=PRODUCTION,
            validate=in_production(lambda args: rules.says_whether_it_runs(args.props)),
        ),
        ResourceValidationPolicy(
            name="production-is-protected",
            description="In production no merge deletes a pipeline by mistake.",
            config_schema=PRODUCTION,
            validate=in_production(lambda args: rules.is_protected(protect=args.opts.protect)),
        ),
        ResourceValidationPolicy(
            name="secrets-stay-in-vaults",
            description="Secrets are references to allowed vaults.",
            config_schema=VAULTS,
            validate=of_each(
                lambda args: rules.keeps_secrets_in_vaults(args.props, args.get_config()["vaults"])
            ),
        ),
        StackValidationPolicy(
            name="one-agent-per-pipeline",
            description="An agent runs one pipeline.",
            validate=of_all(rules.share_an_agent),
        ),
        StackValidationPolicy(
            name="one-slot-per-pipeline",
            description="A replication slot is read by one pipeline.",
            validate=of_all(rules.share_a_slot),
        ),
        StackValidationPolicy(
            name="one-prefix-per-pipeline",
            description="What one pipeline writes is not mixed with what another does.",
            validate=of_all(rules.share_a_prefix),
        ),
    ],
)
