"""The configuration: one frozen tree a command, overrides, TOML."""
