"""The operations of each kind of resource, in plain values: in the provider process, without Pulumi."""
