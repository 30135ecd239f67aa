"""Whole commands of Pulumi, through the provider process."""
