"""One more account, or region: the `Provider` that users give to resources and lookups."""

from __future__ import annotations

import pulumi

from pulumi_dpc._names import EXPLICIT

from .previewing import record_provider


class Provider(pulumi.ProviderResource):
    """One more account, or region, to be given as ``opts.provider`` or to a component.

    What is not given here comes from the environment, never from the stack configuration. *Credentials* (token, or
    client id and secret; token URL; account id) and *endpoint* (API URL, or region) are each taken whole from the
    first source that gives any of it.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        region: pulumi.Input[str] | None = None,
        api_url: pulumi.Input[str] | None = None,
        token_url: pulumi.Input[str] | None = None,
        token: pulumi.Input[str] | None = None,
        client_id: pulumi.Input[str] | None = None,
        client_secret: pulumi.Input[str] | None = None,
        account_id: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare an account, or a region; what is left out comes from the environment.

        Args:
            resource_name: The name in the Pulumi program.
            region: ``eu1``, ``us1`` or ``au1``: where the account lives.
            api_url: The API's base URL, ending in ``/dpc``, instead of a region.
            token_url: Where client id and secret are exchanged for a token.
            token: A bearer token; always stored as a secret.
            client_id: The API credential's id.
            client_secret: The API credential's secret; always stored as a secret.
            account_id: Sent as the ``account-id`` header when given.
            opts: Resource options.
        """
        arguments = {
            "region": region,
            "apiUrl": api_url,
            "tokenUrl": token_url,
            "token": None if token is None else pulumi.Output.secret(token),
            "clientId": client_id,
            "clientSecret": None if client_secret is None else pulumi.Output.secret(client_secret),
            "accountId": account_id,
        }
        self.dpc_arguments: dict[str, pulumi.Input[str]] = {
            k: v for k, v in arguments.items() if v is not None
        }
        """What was given, for lookups through this provider."""
        config = {f"dpc:{key}": value for key, value in self.dpc_arguments.items()}
        record_provider()
        super().__init__("pulumi-python", resource_name, {**config, EXPLICIT: "true"}, opts)
