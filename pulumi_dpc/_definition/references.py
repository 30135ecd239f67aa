"""The reference to a secret, which the agent of a pipeline reads from its vault."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Input, Model, SecretType, Text


@dataclass(frozen=True, kw_only=True)
class SecretReference(Model):
    """The name of a secret that the pipeline's agent reads from its vault; the API never sees the secret itself."""

    secret_type: Input[SecretType]
    """The kind of vault: ``AWS_SECRETS_MANAGER``, ``AZURE_KEY_VAULT`` or ``GOOGLE_SECRET_MANAGER``, in any case.

    Required. Source: Matillion's API reference.
    """
    secret_name: Input[Text]
    """The secret's name in the vault, which the agent must be allowed to read.

    Required. Source: Matillion's API reference.
    """
    secret_key: Input[str] | None = None
    """Which value of a secret that holds several, as those of AWS Secrets Manager do.

    Default: left out, for a secret with one value. Source: Matillion's API reference.
    """
    secret_location: Input[str] | None = None
    """Where the vault is; for Azure the name of the Key Vault.

    Default: left out. Whether Azure can do without is not documented. Source: Matillion's API reference.
    """

    @classmethod
    def aws(cls, name: Input[str], key: Input[str] | None = None) -> SecretReference:
        """Refer to AWS Secrets Manager.

        Args:
            name: The secret's name.
            key: Which value of a key/value secret. Default: left out, for a secret with one value.
        """
        return cls(secret_type="AWS_SECRETS_MANAGER", secret_name=name, secret_key=key)  # noqa: S106 - the vault's type, no secret

    @classmethod
    def azure(cls, name: Input[str], vault: Input[str] | None = None) -> SecretReference:
        """Refer to Azure Key Vault.

        Args:
            name: The secret's name.
            vault: The name of the vault. Default: left out.
        """
        return cls(secret_type="AZURE_KEY_VAULT", secret_name=name, secret_location=vault)  # noqa: S106 - the vault's type, no secret

    @classmethod
    def google(cls, name: Input[str]) -> SecretReference:
        """Refer to Google Secret Manager.

        Args:
            name: The secret's name.
        """
        return cls(secret_type="GOOGLE_SECRET_MANAGER", secret_name=name)  # noqa: S106 - the vault's type, no secret
