"""Zonal shift of Application Recovery Controller in the local region."""
