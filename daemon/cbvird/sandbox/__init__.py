"""What a process that reads strangers' bytes may still do: the same for decode workers and query pictures."""

from cbvird.sandbox.confine import SandboxReport, SandboxRules, confine

__all__ = ["SandboxReport", "SandboxRules", "confine"]
