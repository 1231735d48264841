"""The local CloudBase: one process that behaves as the cloud does, for development and tests."""
