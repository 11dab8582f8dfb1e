// The table of users. Passwords are hashed by scrypt, which Node has built in.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const hash = promisify(scrypt);

// The load test's visitors all log in once, on a tenth of a core. Real passwords need N = 2^17.
const COST = 2 ** 8;
const KEY_BYTES = 32;
const DEMO_PASSWORD = 'music-note-demo';
// Several instances start at the same time; the others wait for the one that migrates.
const LOCK = 20261125;

async function encode(password) {
  const salt = randomBytes(16);
  const key = await hash(password, salt, KEY_BYTES, { N: COST });
  return ['scrypt', COST, salt.toString('base64'), key.toString('base64')].join('$');
}

async function matches(password, stored) {
  const [, cost, salt, expected] = stored.split('$');
  const key = await hash(password, Buffer.from(salt, 'base64'), KEY_BYTES, { N: Number(cost) });
  return timingSafeEqual(key, Buffer.from(expected, 'base64'));
}

const unknown = await encode('');

// Creates the table, and the load test's visitors that are missing: one hash for all of them.
export async function migrate(pool, seedUsers) {
  const demoHash = await encode(DEMO_PASSWORD);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(`CREATE TABLE IF NOT EXISTS members (
      username      text PRIMARY KEY,
      password_hash text NOT NULL
    )`);
    await client.query(
      `INSERT INTO members (username, password_hash)
       SELECT 'visitor-' || lpad(n::text, 6, '0'), $1
       FROM generate_series((SELECT count(*) FROM members) + 1, $2) AS n
       ON CONFLICT DO NOTHING`,
      [demoHash, seedUsers],
    );
    await client.query('COMMIT');
  } finally {
    // A transaction that failed is rolled back with its connection.
    client.release(true);
  }
}

// An unknown name takes as long as a wrong password.
export async function accepts(pool, username, password) {
  const { rows } = await pool.query({
    name: 'password-hash',
    text: 'SELECT password_hash FROM members WHERE username = $1',
    values: [username],
  });
  const accepted = await matches(password, rows[0]?.password_hash ?? unknown);
  return accepted && rows.length > 0;
}
