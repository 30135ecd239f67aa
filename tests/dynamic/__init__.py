"""The hooks, in the provider host of the installed SDK."""
