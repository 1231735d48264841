"""Collections and their documents: definitions, applying them, loading samples, importing old data."""
