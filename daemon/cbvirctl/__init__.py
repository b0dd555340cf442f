"""The client: asks `cbvird` over its unix socket.  Starts in a fraction of a second."""
