"""The certificate authorities that are trusted: those that the environment names, or those of the HTTP library."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file, or a directory, of all authorities, as `requests` reads them; the first counts."""
ADDED_FILE, ADDED_DIRECTORIES = "SSL_CERT_FILE", "SSL_CERT_DIR"
"""Variables that add to the usual authorities, as they do for the Pulumi CLI: a file, and folders of hashed names."""


class UnusableCertificates(OSError):
    """A variable that names no certificates; its text is the reason, for an error's sentence."""


def tls_context() -> ssl.SSLContext:
    """Return what checks the certificate of a server.

    Raises:
        UnusableCertificates: A variable names a file that is missing, or holds no certificate.
    """
    context = create_urllib3_context()
    bundle = _bundle()
    if bundle:
        _load(context, bundle)
        return context
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    if os.environ.get(ADDED_FILE):
        _load(context, ADDED_FILE)
    for directory in filter(None, os.environ.get(ADDED_DIRECTORIES, "").split(os.pathsep)):
        context.load_verify_locations(capath=directory)  # read when a certificate is checked
    return context


def named() -> str:
    """Return what to do so that a server's authority is trusted."""
    bundle = _bundle()
    if bundle:
        return f"the file that {bundle} names must hold the authority that signed it"
    return f"if it is your company's, name the file of the authority that signed it in {ADDED_FILE}"


def _bundle() -> str | None:
    return next((name for name in BUNDLES if os.environ.get(name)), None)


def _load(context: ssl.SSLContext, variable: str) -> None:
    path = Path(os.environ[variable]).expanduser()
    try:
        if path.is_dir() and variable in BUNDLES:
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(path)
    except ssl.SSLError:
        raise UnusableCertificates(f"{variable} names {path}, which holds no certificates") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UnusableCertificates(f"{variable} names {path}, which cannot be read: {why}") from None
