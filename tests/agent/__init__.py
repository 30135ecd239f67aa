"""The operations of streaming agents, in virtual time."""
