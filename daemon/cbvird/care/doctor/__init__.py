"""What may be wrong with an installation: each check names what it found, and what to do."""
