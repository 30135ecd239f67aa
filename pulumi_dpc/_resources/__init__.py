"""The operations of each kind of resource, in plain values and without Pulumi; `service` serves the lookups too."""
