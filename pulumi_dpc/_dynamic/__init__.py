"""What the engine calls, in the provider process: the hooks, and what their stock host does not offer."""
