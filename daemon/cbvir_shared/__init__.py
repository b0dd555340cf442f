"""What the service and its client both need.  Standard library only."""
