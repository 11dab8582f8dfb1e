"""Locust as a load generator: its users, client and events, with arrivals of an open model."""
