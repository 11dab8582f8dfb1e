"""music-note, the sample service: an index page, a login against PostgreSQL, a health path."""
