"""Decoding in processes of their own: the worker, its messages, and the service's side of it."""
