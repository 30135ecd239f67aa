"""What nearly every process of a test needs, imported and built once before the processes are forked."""

from __future__ import annotations

import requests.sessions  # noqa: F401 - the transport's

import pulumi_dpc.listing
import pulumi_dpc.provider
import pulumi_dpc.resource  # noqa: F401
from pulumi_dpc.definition import validate

validate({})  # builds what pydantic validates by
