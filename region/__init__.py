"""A local AWS region made of real parts. It knows neither load test nor experiment."""
