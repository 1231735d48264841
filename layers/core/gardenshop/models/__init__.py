"""Pydantic models of the stored documents, one module per domain."""
