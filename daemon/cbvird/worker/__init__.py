"""Decoding in a process of its own: the worker, its messages, and the service's side of it."""
