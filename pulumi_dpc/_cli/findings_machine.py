"""What a program needs of this machine: Python, the SDK, the Pulumi CLI, and what its provider host offers."""

from __future__ import annotations

import importlib.resources
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from .findings import Finding

_KNOWN = ("class DynamicResourceProviderServicer", "def Cancel(")
_INSTALL_CLI = "install the Pulumi CLI (https://www.pulumi.com/docs/install/), or add its folder to PATH"
_SECONDS = 30


def of_the_machine() -> Iterator[Finding]:
    """Find out what is installed."""
    yield Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield _sdk()
    yield _cli()
    yield _host()


def _sdk() -> Finding:
    try:
        installed = version("pulumi")
    except PackageNotFoundError:
        return Finding(
            "Pulumi SDK", "problem", "not installed", "run `pip install pulumi` in this environment"
        )
    lowest = _lowest_sdk()
    if _numbers(installed) < _numbers(lowest):
        return Finding(
            "Pulumi SDK", "problem", f"{installed}, older than {lowest}", "run `pip install --upgrade pulumi`"
        )
    return Finding("Pulumi SDK", "ok", installed)


def _lowest_sdk() -> str:
    """Return the lowest version that this package allows."""
    for requirement in requires("pulumi-dpc") or ():
        if found := re.match(r"pulumi(?![\w-]).*?>=\s*([\d.]+)", requirement):
            return found[1]
    return "0"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _cli() -> Finding:
    path = shutil.which("pulumi")
    if path is None:
        return Finding("Pulumi CLI", "problem", "not on PATH", _INSTALL_CLI)
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(  # noqa: S603 - the program that the user's own PATH names
            [path, "version"], env=env, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return Finding("Pulumi CLI", "problem", f"{path} does not say its version", _INSTALL_CLI)
    return Finding("Pulumi CLI", "ok", f"{done.stdout.strip()} ({path})")


def _host() -> Finding:
    """Find out whether the stock host is as the provider knows it, by its text: it cannot be imported."""
    subject = "provider host"
    if os.environ.get("DPC_HOST_HOOKS", "").lower() == "off":
        return Finding(
            subject, "warning", "DPC_HOST_HOOKS is off: errors are tracebacks, and a Ctrl-C waits", "unset it"
        )
    try:
        text = (importlib.resources.files("pulumi.dynamic") / "__main__.py").read_text("utf-8")
    except (ModuleNotFoundError, OSError):
        return Finding(subject, "problem", "the installed SDK has none", "run `pip install --upgrade pulumi`")
    missing = [word for word in _KNOWN if word not in text]
    if missing:
        return Finding(
            subject,
            "warning",
            f"the installed SDK's is another one ({', '.join(missing)} is missing): errors may be tracebacks",
            "report the version of the SDK; everything else works",
        )
    return Finding(subject, "ok", "as this package knows it")
