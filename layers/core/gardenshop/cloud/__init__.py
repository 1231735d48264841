"""Everything CloudBase: entry, identity, database port, clock, settings and log."""
