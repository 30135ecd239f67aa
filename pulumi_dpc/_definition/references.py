"""The reference to a secret, which the agent of a pipeline reads from its vault."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Input, Model, SecretType, Text


@dataclass(frozen=True, kw_only=True)
class SecretReference(Model):
    """The name of a secret that the pipeline's agent reads from its vault; the API never sees the secret itself."""

    secret_type: Input[SecretType]
    secret_name: Input[Text]
    secret_key: Input[str] | None = None
    secret_location: Input[str] | None = None

    @classmethod
    def aws(cls, name: Input[str], key: Input[str] | None = None) -> SecretReference:
        """Refer to AWS Secrets Manager; ``key`` chooses one value of a key/value secret."""
        return cls(secret_type="AWS_SECRETS_MANAGER", secret_name=name, secret_key=key)  # noqa: S106 - the vault's type, no secret

    @classmethod
    def azure(cls, name: Input[str], vault: Input[str] | None = None) -> SecretReference:
        """Refer to the Azure Key Vault named ``vault``."""
        return cls(secret_type="AZURE_KEY_VAULT", secret_name=name, secret_location=vault)  # noqa: S106 - the vault's type, no secret

    @classmethod
    def google(cls, name: Input[str]) -> SecretReference:
        """Refer to Google Secret Manager."""
        return cls(secret_type="GOOGLE_SECRET_MANAGER", secret_name=name)  # noqa: S106 - the vault's type, no secret
