"""What runs inside Locust's own Python: no module of the project is there, only the standard library."""
