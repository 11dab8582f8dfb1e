"""A script as plain steps and planned visitors, for generators that need a program of their own."""
