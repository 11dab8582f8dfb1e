// PostgreSQL: a pool, with the password from Secrets Manager.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';

const FRESH_MS = 60_000;

// Region, endpoint and the instance's role come from the environment and its metadata.
const secretsManager = new SecretsManagerClient({});
let secret = null;
let readAt = 0;

// RDS rotates the password every seven days, so the pool asks for each new connection.
async function credentials(secretArn) {
  if (!secret || Date.now() - readAt > FRESH_MS) {
    readAt = Date.now();
    secret = secretsManager
      .send(new GetSecretValueCommand({ SecretId: secretArn }))
      .then((answer) => JSON.parse(answer.SecretString));
    secret.catch(() => { secret = null; });
  }
  return secret;
}

export async function connect(environment) {
  const arn = environment.DATABASE_SECRET_ARN;
  const { username } = await credentials(arn);
  const pool = new pg.Pool({
    host: environment.DATABASE_HOST,
    port: Number(environment.DATABASE_PORT ?? 5432),
    database: environment.DATABASE_NAME,
    user: username,
    password: async () => (await credentials(arn)).password,
    // Encrypted, without a check of the certificate: libpq's sslmode=require.
    ssl: { rejectUnauthorized: false },
    // A db.t4g.micro accepts about 80 connections, and up to nine instances share them.
    max: 4,
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
  // A connection that breaks while it is idle must not end the process.
  pool.on('error', (error) => console.error(`database: ${error.message}`));
  return pool;
}
