"""The client: speaks to `cbvird` over its unix socket.  It starts in a fraction of a second."""
