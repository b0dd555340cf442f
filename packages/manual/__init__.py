"""Man pages and shell completion, made of the commands: ``python -m packages.manual share``."""
