"""music-note, the sample service: index page, login, notes in PostgreSQL and a health path."""
