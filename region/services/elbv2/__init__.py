"""Elastic Load Balancing in the local region."""
