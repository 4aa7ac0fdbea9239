"""The `bss` command."""
