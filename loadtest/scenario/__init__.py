"""Scenarios: reading, checking and preparing the script that Artillery runs."""
