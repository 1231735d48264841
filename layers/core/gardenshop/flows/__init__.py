"""Writes that several functions share, each safe to repeat from the top."""
