"""The emulator, held against what the vendor publishes."""
