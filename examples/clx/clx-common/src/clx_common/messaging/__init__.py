"""Requests and results as they travel between the services."""
