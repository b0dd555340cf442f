"""What keeps the service running: threads, events, background maintenance, signals, log, systemd."""
