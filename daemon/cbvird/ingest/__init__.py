"""From a new file to rows in the library: tracker, jobs, ingest threads, writer, and the list of videos."""
