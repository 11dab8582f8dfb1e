package com.example.login;

import com.zaxxer.hikari.HikariCredentialsProvider;
import com.zaxxer.hikari.util.Credentials;
import java.time.Duration;
import java.time.Instant;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import tools.jackson.databind.json.JsonMapper;

/**
 * User and password from Secrets Manager. RDS rotates the password every seven days, so the pool asks
 * for each new connection; what was read is good for a minute.
 */
class DatabaseCredentials implements HikariCredentialsProvider {

    private static final Duration FRESH = Duration.ofMinutes(1);

    private record Secret(String username, String password) {}

    private final SecretsManagerClient secretsManager;
    private final String secretArn;
    private final JsonMapper json;
    private Credentials credentials;
    private Instant readAt = Instant.MIN;

    DatabaseCredentials(SecretsManagerClient secretsManager, String secretArn, JsonMapper json) {
        this.secretsManager = secretsManager;
        this.secretArn = secretArn;
        this.json = json;
    }

    @Override
    public synchronized Credentials getCredentials() {
        if (credentials == null || readAt.plus(FRESH).isBefore(Instant.now())) {
            var text = secretsManager.getSecretValue(r -> r.secretId(secretArn)).secretString();
            var secret = json.readValue(text, Secret.class);
            credentials = Credentials.of(secret.username(), secret.password());
            readAt = Instant.now();
        }
        return credentials;
    }
}
