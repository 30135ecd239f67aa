"""The engine double and the real CLI, behind one interface: private, and free to change."""
