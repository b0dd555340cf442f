"""What is made of the source for those who install it: man pages, completion, the Debian package."""
