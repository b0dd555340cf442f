"""The configuration: sections, settings and the text of config.toml."""
