"""The project: settings, URLs and the WSGI application."""
