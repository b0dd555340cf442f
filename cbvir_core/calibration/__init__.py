"""The confidence model fitted to a library: questions whose answers are known, put to it."""
