"""Programs to copy from, each a Pulumi project of its own, and `make demo` (`demo.py`)."""
