// Visitors as Artillery's: each has an agent of its own and sends two requests by got's promise.
// Arguments: a file of Artillery's, how many visitors, a URL, and `young.cjs` if they are to be let go of.

import { createRequire } from 'node:module';
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const [artillery, count, url, young] = process.argv.slice(2);
if (young) {
  const why = createRequire(import.meta.url)(young).letGo(artillery);
  if (why) throw new Error(why);
}
// Resolved as Artillery does it, and only now.
const found = createRequire(artillery).resolve('got');
const { default: got } = await import(pathToFileURL(found).href);

const request = (agent) =>
  new Promise((resolve, reject) => {
    const options = { url, agent: { http: agent }, retry: { limit: 0 }, timeout: { response: 10000 } };
    got(options)
      .on('request', (sent) => sent.on('response', (answer) => answer.on('end', () => setImmediate(resolve))))
      .on('error', reject)
      .catch(reject);
  });

async function visit() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  await request(agent);
  await request(agent);
  agent.destroy();
}

let left = Number(count);
async function visits() {
  while (left-- > 0) await visit();
}
await Promise.all([visits(), visits(), visits(), visits()]);
process.exit(0);
