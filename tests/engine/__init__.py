"""What the engine double is held to: the same scenarios on the real CLI."""
