"""The configuration: one frozen tree per command, with overrides, read from and written to TOML."""
