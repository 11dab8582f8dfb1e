package com.example.login;

import java.util.Optional;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.annotation.Transactional;

/** The table of users. */
@Repository
class Users {

    /** Several instances start at the same time; the others wait for the one that migrates. */
    private static final long LOCK = 20_261_125;

    private static final String DEMO_PASSWORD = "music-note-demo";

    private final JdbcClient jdbc;
    private final BCryptPasswordEncoder encoder;
    private final String unknown;

    Users(JdbcClient jdbc, @Value("${login.bcrypt-strength}") int strength) {
        this.jdbc = jdbc;
        this.encoder = new BCryptPasswordEncoder(strength);
        this.unknown = encoder.encode("");
    }

    /** Creates the table, and the load test's visitors that are missing: one hash for all of them. */
    @Transactional
    public void migrate(int seedUsers) {
        jdbc.sql("SELECT pg_advisory_xact_lock(?)").param(LOCK).query((row, n) -> n).list();
        jdbc.sql("""
                CREATE TABLE IF NOT EXISTS users (
                    username      text PRIMARY KEY,
                    password_hash text NOT NULL
                )""").update();
        jdbc.sql("""
                INSERT INTO users (username, password_hash)
                SELECT 'visitor-' || lpad(n::text, 6, '0'), :hash
                FROM generate_series((SELECT count(*) FROM users) + 1, :count) AS n
                ON CONFLICT DO NOTHING""")
                .param("hash", encoder.encode(DEMO_PASSWORD))
                .param("count", seedUsers)
                .update();
    }

    /** An unknown name takes as long as a wrong password. */
    boolean accepts(String username, String password) {
        Optional<String> stored = jdbc.sql("SELECT password_hash FROM users WHERE username = ?")
                .param(username)
                .query(String.class)
                .optional();
        return encoder.matches(password, stored.orElse(unknown)) && stored.isPresent();
    }
}
