"""The vendor's REST API, in the program and in the provider process: no models and no Pulumi."""
