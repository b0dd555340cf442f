"""From a file that appeared to rows in the library: tracker, jobs, ingest threads, writer."""
