"""What runs in the user's program: the resource, the account, the lookups, and how an error is shown."""
