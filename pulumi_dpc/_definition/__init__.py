"""The definition as data, in the program and in the provider process: no HTTP and no Pulumi."""
