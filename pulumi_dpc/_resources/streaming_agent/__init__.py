"""One streaming agent: found, created, changed and deleted, in the provider process."""
