"""The definition as data, in the program and in the provider process: it imports no HTTP and no Pulumi."""
