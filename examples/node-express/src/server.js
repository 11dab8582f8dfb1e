import { fileURLToPath } from 'node:url';
import express from 'express';
import { connect } from './database.js';
import { accepts, migrate } from './users.js';

const environment = process.env;
const port = Number(environment.APP_PORT ?? 8080);
const pool = await connect(environment);
await migrate(pool, Number(environment.SEED_USERS ?? 0));

const app = express();
app.disable('x-powered-by');

// Tells in every answer who gave it; the load test's report groups its figures by these.
app.use((request, response, next) => {
  response.set({
    'X-App-Version': environment.APP_VERSION ?? 'unreleased',
    'X-Instance-Id': environment.INSTANCE_ID ?? 'unknown',
    'X-Availability-Zone': environment.AVAILABILITY_ZONE ?? 'unknown',
  });
  next();
});

// Without the database: its outage should not replace every instance.
app.get(environment.HEALTH_PATH ?? '/health', (request, response) => {
  response.type('text').send('ok');
});

app.post('/login', express.json({ limit: '4kb' }), async (request, response) => {
  const { username, password } = request.body ?? {};
  if (typeof username !== 'string' || typeof password !== 'string') {
    response.status(400).json({ error: 'send username and password' });
  } else if (await accepts(pool, username, password)) {
    response.json({ user: username });
  } else {
    response.status(401).json({ error: 'unknown user or wrong password' });
  }
});

app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));

const server = app.listen(port, '0.0.0.0', (error) => {
  if (error) throw error;
  console.log(`listening on port ${port}`);
});
// Longer than the load balancer keeps an idle connection (60 s), or it uses one that is being closed.
server.keepAliveTimeout = 65_000;
server.headersTimeout = 70_000;

process.on('SIGTERM', () => {
  server.close(() => pool.end().then(() => process.exit(0)));
  server.closeIdleConnections();
});
