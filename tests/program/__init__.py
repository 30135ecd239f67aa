"""What runs in a user's program."""
