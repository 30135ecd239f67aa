"""What nearly every process of a test needs, imported and built once before the processes are forked."""

from __future__ import annotations

import requests.sessions  # noqa: F401 - the transport's

import pulumi_dpc._api.listing
import pulumi_dpc._dynamic.hooks
import pulumi_dpc._program.streaming_pipeline  # noqa: F401
from pulumi_dpc._definition.definition import validate

validate({})  # builds what pydantic validates by
