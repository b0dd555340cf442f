"""The page in a real browser: what `make test-page` starts.  The tests themselves are in daemon/web/e2e."""
