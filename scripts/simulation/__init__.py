"""A whole shop in one process, under a scheduler that owns time and chance; see README.md beside this."""
