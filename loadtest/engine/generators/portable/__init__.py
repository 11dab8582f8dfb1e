"""A script as plain steps and planned visitors, for generators that are given a program of their own."""
