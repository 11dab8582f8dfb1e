// What `expect` of a request asks for beside its status.

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

// Whether a status is known only once captures have set its variable.
function isVariable({ statusCode }) {
  return [statusCode ?? []].flat().some((one) => String(one).includes('{{'));
}

// The statuses that are known before a request is sent: `expect: { statusCode: 200 }` or a list of these.
function statusesOf(expect) {
  return [expect ?? []]
    .flat()
    .filter((one) => !isVariable(one))
    .flatMap((one) => [one.statusCode ?? []].flat())
    .map(Number);
}

// Whether the plugin is the one who judges the status.
function judgesStatus(expect) {
  return checksOf(expect).some(({ name }) => name === 'notStatusCode' || name === 'statusCode');
}

// The other checks of `expect`, one by one. They are made by the functions of that plugin itself, which
// is a part of Artillery.
function checksOf(expect) {
  return [expect ?? []]
    .flat()
    .flatMap((one) => Object.keys(one).map((name) => ({ name, one })))
    .filter(({ name, one }) => name !== 'description' && (name !== 'statusCode' || isVariable(one)))
    .map(({ name, one }) => ({ name, asked: { [name]: one[name], description: one.description } }));
}

let plugin = null;

function loadPlugin() {
  const inside = ['dist', 'builtin-packages', 'artillery-plugin-expect', 'dist', 'lib', 'expectations.js'];
  // This thread runs a file of Artillery's.
  let directory = fs.realpathSync(process.argv[1]);
  while (!fs.existsSync(path.join(directory, ...inside))) {
    if (directory === path.dirname(directory)) throw new Error('Artillery has no plugin expect');
    directory = path.dirname(directory);
  }
  return import(pathToFileURL(path.join(directory, ...inside)).href);
}

// As the plugin reads a body.
function bodyOf({ body, headers }) {
  const type = headers['content-type'] ?? '';
  if (typeof body !== 'string' || !/application\/(problem\+|ld\+)?json/.test(type)) return body;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

// Whether an answer is what `expect` asks for, apart from its status. Rejects if that cannot be found out.
async function meets(request, response, context) {
  const checks = checksOf(request.expect);
  if (checks.length === 0) return true;
  plugin ??= loadPlugin();
  const made = await plugin;
  const body = bodyOf(response);
  return checks.every(({ name, asked }) => made[name](asked, body, request, response, context).ok);
}

module.exports = { checksOf, judgesStatus, meets, statusesOf };
