"""What the service and its client both need: default paths and exit codes.  Standard library only."""
