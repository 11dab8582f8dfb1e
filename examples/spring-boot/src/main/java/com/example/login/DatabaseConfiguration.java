package com.example.login;

import com.zaxxer.hikari.HikariDataSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import tools.jackson.databind.json.JsonMapper;

@Configuration
class DatabaseConfiguration {

    /** Region, endpoint and the instance's role come from the environment and its metadata. */
    @Bean
    SecretsManagerClient secretsManager() {
        return SecretsManagerClient.builder().httpClient(UrlConnectionHttpClient.create()).build();
    }

    @Bean
    @ConfigurationProperties("spring.datasource.hikari")
    HikariDataSource dataSource(
            @Value("${DATABASE_SECRET_ARN}") String secretArn,
            SecretsManagerClient secretsManager,
            JsonMapper json) {
        var source = new HikariDataSource();
        source.setCredentialsProvider(new DatabaseCredentials(secretsManager, secretArn, json));
        return source;
    }
}
