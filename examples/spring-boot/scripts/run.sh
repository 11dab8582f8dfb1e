#!/bin/bash
# Hands the instance's environment to Spring Boot, which reads its properties from variables.
set -euo pipefail
export SERVER_ADDRESS="$APP_HOST"
export SERVER_PORT="$APP_PORT"
export SERVER_SHUTDOWN=graceful
export MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED=true
# The driver reads the password from Secrets Manager, and again when RDS has rotated it.
export SPRING_DATASOURCE_DRIVER_CLASS_NAME=com.amazonaws.secretsmanager.sql.AWSSecretsManagerPostgreSQLDriver
export SPRING_DATASOURCE_URL="jdbc-secretsmanager:postgresql://$DATABASE_HOST:$DATABASE_PORT/$DATABASE_NAME?sslmode=require"
export SPRING_DATASOURCE_USERNAME="$DATABASE_SECRET_ARN"
exec java -XX:+UseSerialGC -XX:MaxRAMPercentage=60 -jar /opt/app/app.jar
