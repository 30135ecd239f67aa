"""The command ``pulumi-dpc``, as a process against the emulator."""
