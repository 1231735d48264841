"""Deploying the repository to an environment: what is wanted, what is there, the way between them."""
