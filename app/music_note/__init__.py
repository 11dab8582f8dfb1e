"""music-note, the sample service: an index page, a login and notes against PostgreSQL, a health path."""
