"""What happens to one pipeline, decided by pure functions."""
