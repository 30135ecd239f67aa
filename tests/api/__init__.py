"""The client and what it stands on, over real sockets."""
