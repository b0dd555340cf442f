"""The service: watches folders, takes videos apart, answers queries on a unix socket."""
