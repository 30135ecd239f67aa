"""What users test their stacks with: on the engine double, and the same on the real CLI."""
