"""What keeps the service running: threads, event bus, background maintenance, signals, log, systemd."""
