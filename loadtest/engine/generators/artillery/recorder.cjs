'use strict';

// An Artillery processor: writes one NDJSON line per HTTP exchange, and one per second about the
// generator itself. Runs in every Artillery worker thread; all of them append to the same two files.
//
// Exchanges are compressed as they are written: each piece is a gzip member of its own, so the file is
// readable whenever and however this process ends (RFC 1952, section 2.2).
//
// Where the data comes from (Artillery 2.0.34, core/engine_http): the engine emits
// `trace:http:request` along with its counter `http.requests` and `trace:http:response` with
// `http.codes.*`, once per hop of a redirect; `onError` hooks run exactly once for a request that
// ends without a complete response (got's promise rejects once). `beforeRequest` is the only place
// that has both the virtual user and the request's uuid. `beforeScenario` hooks are the first step
// of a flow, so they run when the user arrives, before any think time.

const fs = require('node:fs');
const { gzipSync } = require('node:zlib');
const { performance, monitorEventLoopDelay } = require('node:perf_hooks');
const { isMainThread, threadId } = require('node:worker_threads');

const { keepTime } = require('./arrival_clock.cjs');
const { listenToBodies } = require('./broken_bodies.cjs');
const { checksOf, judgesStatus, meets, statusesOf } = require('./expectations.cjs');
const { watchStarter } = require('./starter.cjs');
const { letGo } = require('./young.cjs');

const FLUSH_MS = 200;
const BEAT_MS = 1000;
const DELAY_RESOLUTION_MS = 10;
const START_CHECK_MS = 5;
const MISMATCH = 'Failed capture or match'; // Artillery's own words for an answer that is not right
const GZIP_LEVEL = 3; // a third of the default level's time, for a tenth more bytes

const requestsFile = process.env.HAPROOF_REQUESTS_FILE;
const generatorFile = process.env.HAPROOF_GENERATOR_FILE;

// One of several workers: what is counted per worker thread must not be taken for another worker's.
const worker = Number(process.env.HAPROOF_WORKER ?? 0) * 1000 + threadId;

const target = process.env.HAPROOF_TARGET ? new URL(process.env.HAPROOF_TARGET) : null;

const pending = new Map(); // uuid of a request -> what its hops share, and the hops
const uuids = new WeakMap(); // Artillery's request -> the uuid that it had when it was sent
const arrivals = new WeakMap(); // a virtual user's context -> its id, and when it arrived
const guarded = new WeakSet(); // HTTP agents that reach the target only
const observed = new WeakSet(); // event emitters that already have our listeners
let users = 0;
let lines = [];
let requestsFd = null;
let generatorFd = null;
let judged = false; // functions of the script may find an answer wrong
let broken = false; // a write failed: anything written now would follow a gap

// Taken before a script's own functions are loaded: they cannot turn this clock.
const { timeOrigin } = performance;
const now = performance.now.bind(performance);
const epoch = () => timeOrigin + now();
const micro = (ms) => Math.round(ms * 1000) / 1000;

function append(fd, data, file) {
  if (broken) return;
  try {
    fs.appendFileSync(fd, data); // O_APPEND: pieces stay whole even with several worker threads
  } catch (error) {
    broken = true;
    complain(`cannot write ${file}: ${error.code || error.message}`);
  }
}

// Directly to the descriptor: a worker's console goes through the main thread, which may be busy.
function complain(message) {
  try {
    fs.writeSync(2, `haproof: ${message}\n`);
  } catch {
    // The reader is gone.
  }
}

function flush() {
  if (lines.length === 0) return;
  const text = lines.join('');
  lines = [];
  append(requestsFd, gzipSync(text, { level: GZIP_LEVEL }), requestsFile);
}

// All workers begin at one moment. Artillery loads its processor before it is ready to run, so whoever
// waits here holds its whole process back; nothing else of it may run in the meantime.
function awaitStart() {
  const { HAPROOF_READY_FILE: ready, HAPROOF_START_FILE: begin } = process.env;
  if (!ready || isMainThread) return;
  const isAlone = watchStarter();
  announce(ready);
  while (!fs.existsSync(begin)) {
    if (isAlone()) process.exit(143);
    pause(START_CHECK_MS);
  }
  pause(Number(fs.readFileSync(begin, 'utf8')) - epoch());
}

// Whoever waits for this dates the empty file by its own clock, and so sees whether ours is the same. Of several
// worker threads the first one says it.
function announce(ready) {
  const before = epoch();
  try {
    fs.writeFileSync(`${ready}.clock`, '', { flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return;
    throw error;
  }
  fs.writeFileSync(`${ready}.part`, `${before} ${epoch()}`);
  fs.renameSync(`${ready}.part`, ready);
}

function pause(ms) {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function start() {
  requestsFd = fs.openSync(requestsFile, 'a', 0o600);
  generatorFd = fs.openSync(generatorFile, 'a', 0o600);
  setInterval(flush, FLUSH_MS).unref();
  process.on('exit', flush);

  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  let busyBefore = performance.eventLoopUtilization();
  let beatBefore = now();
  const lag = (nanoseconds) => micro(Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS));
  setInterval(() => {
    // Of the timers that one standstill delays, this one may be the first: the histogram, whose own fires
    // after it, would begin anew and never have it.
    const beatNow = now();
    const late = beatNow - beatBefore - BEAT_MS;
    beatBefore = beatNow;
    const busyNow = performance.eventLoopUtilization();
    const beat = {
      event: 'beat',
      at: micro(epoch()),
      worker,
      users,
      in_flight: pending.size,
      lag_p99: lag(delay.percentile(99)),
      lag_max: Math.max(lag(delay.max), micro(late)),
      busy: micro(performance.eventLoopUtilization(busyNow, busyBefore).utilization)
    };
    busyBefore = busyNow;
    delay.reset();
    append(generatorFd, `${JSON.stringify(beat)}\n`, generatorFile);
  }, BEAT_MS).unref();
}

function write(request, hop, error) {
  if (hop.written) return;
  hop.written = true;
  const ended = hop.ended ?? epoch();
  const line = {
    vu: request.user,
    endpoint: request.endpoint,
    arrived: micro(request.arrived),
    start: micro(hop.started ?? ended),
    ttfb: hop.answered === null ? null : micro(hop.answered - hop.started),
    total: micro(ended - (hop.started ?? ended)),
    status: hop.status,
    expected: hop.status === null ? null : isExpected(request, hop),
    error: error ? String(error.code || error.message) : null,
    sent: hop.started !== null,
    instance: hop.headers['x-instance-id'] ?? null,
    zone: hop.headers['x-availability-zone'] ?? null,
    version: hop.headers['x-app-version'] ?? null
  };
  lines.push(`${JSON.stringify(line)}\n`);
}

// Without its own `expect`, a request expects what a browser would call success. Responses along a
// followed redirect are not the answer yet; only the last one is checked.
function isExpected(request, hop) {
  if (isRedirect(request, hop)) return true;
  return isExpectedStatus(request, hop.status) && !request.mismatch;
}

function isExpectedStatus(request, status) {
  if (request.anyStatus) return true;
  if (request.expect.length > 0) return request.expect.includes(status);
  return status >= 200 && status < 400;
}

const REDIRECTS = new Set([300, 301, 302, 303, 304, 307, 308]); // those that got, Artillery's client, follows

function isRedirect(request, hop) {
  return request.follows && REDIRECTS.has(hop.status) && Boolean(hop.headers.location);
}

async function isAsExpected(request, response, context) {
  try {
    return await meets(request, response, context);
  } catch (error) {
    complain(`\`expect\` of ${request.method} ${endpointOf(request)} cannot be checked: ${error.message}`);
    return false;
  }
}

function endpointOf(request) {
  if (request.name) return request.name;
  return `${request.method} ${ownPath(request.url.replace(/^[a-z]+:\/\/[^/]+/i, '').split('?')[0])}`;
}

// As the script has it: without the path that its target adds to each.
function ownPath(path) {
  const added = target ? target.pathname.replace(/\/$/, '') : '';
  const own = path.startsWith(`${added}/`) || path === added ? path.slice(added.length) : path;
  return own || '/';
}

function newHop(started) {
  return { started, answered: null, ended: null, status: null, headers: {}, written: false };
}

// What Artillery calls a failed capture or match (core/engine_http): a response arrived, but not the
// one that the scenario asked for.
function isMismatch(result) {
  const matches = Object.values(result.matches ?? {});
  const captures = Object.values(result.captures ?? {});
  return (
    matches.some((one) => !one.success && one.strict !== false) || captures.some((one) => one.failed)
  );
}

function observe(emitter) {
  if (observed.has(emitter)) return;
  observed.add(emitter);
  emitter.on('trace:http:request', (_request, uuid) => {
    pending.get(uuid)?.hops.push(newHop(epoch()));
  });
  emitter.on('trace:http:response', (response, uuid) => {
    const request = pending.get(uuid);
    // The next hop of a redirect is announced before the response to this one; responses keep order.
    const hop = request?.hops.find((one) => one.answered === null);
    if (!hop) return;
    hop.answered = epoch();
    hop.status = response.statusCode;
    hop.headers = response.headers;
    response.once('end', () => {
      hop.ended = epoch();
      // Artillery waits for what follows any answer from 300 to 399, and so forever for what follows this one. It
      // asks at the end of each answer: not before, or it would take the redirects that led here for the last.
      if (hop.status >= 300 && hop.status < 400 && !isRedirect(request, hop)) request.sent.followRedirect = false;
      // The result of captures and matches is known only later, in `finish`; so is whether a redirect is
      // followed, or was one too many.
      if (!request.inspects && !isRedirect(request, hop)) write(request, hop);
    });
  });
  emitter.on('trace:http:capture', (result, uuid) => {
    const request = pending.get(uuid);
    if (request) request.mismatch = isMismatch(result);
  });
}

function arrive(context) {
  if (requestsFd === null) start();
  users += 1;
  arrivals.set(context, { id: `${worker}-${users}`, arrived: epoch() });
  guard(context);
}

// Whoever redirects or captures a URL could send the load to somebody else.
function guard(context) {
  for (const agent of [context._httpAgent, context._httpsAgent]) {
    if (!target || !agent || guarded.has(agent)) continue;
    guarded.add(agent);
    const { addRequest } = agent;
    // Not assigned as it is written: V8 would keep it, and so this visitor (see `young.cjs`).
    const onlyToTarget = function (request, options, ...rest) {
      if (isTarget(options)) return addRequest.call(this, request, options, ...rest);
      const host = `${options.host}:${options.port}`;
      complain(`a request went to ${host}: only the stack's own URL, ${target.host}, is put under load`);
      return process.nextTick(() => request.destroy(new Error(`${host} is not the stack's`)));
    };
    agent.addRequest = onlyToTarget;
  }
}

// Any of the usual ports: a stack may redirect from HTTP to HTTPS.
function isTarget({ host, port }) {
  const own = [Number(target.port) || (target.protocol === 'https:' ? 443 : 80), 80, 443];
  const bare = (name) => String(name).replace(/^\[|\]$/g, '').toLowerCase();
  return bare(host) === bare(target.hostname) && own.includes(Number(port));
}

function beforeScenario(context, _emitter, next) {
  arrive(context);
  return next();
}

function beforeRequest(request, context, emitter, next) {
  if (!arrivals.has(context)) arrive(context);
  const user = arrivals.get(context);
  observe(emitter);
  uuids.set(request, request.uuid);
  pending.set(request.uuid, {
    user: user.id,
    arrived: user.arrived,
    endpoint: endpointOf(request),
    expect: statusesOf(request.expect),
    anyStatus: judgesStatus(request.expect),
    follows: request.followRedirect !== false,
    sent: request,
    inspects:
      judged ||
      request.capture !== undefined ||
      request.match !== undefined ||
      checksOf(request.expect).length > 0,
    mismatch: false,
    hops: []
  });
  return next();
}

// A function of the script, or its `expect`, found the answer wrong.
function reject(request) {
  const found = pending.get(uuids.get(request));
  if (found) found.mismatch = true;
  finish(request);
}

// Remove a request from the pending ones and write those of its hops that are not written yet.
function finish(sent, error) {
  const uuid = uuids.get(sent);
  const request = pending.get(uuid);
  pending.delete(uuid);
  if (!request) return null;
  if (request.hops.length === 0) request.hops.push(newHop(null));
  const last = request.hops.at(-1);
  for (const hop of request.hops) write(request, hop, hop === last ? error : undefined);
  return isRedirect(request, last) || isExpectedStatus(request, last.status) ? null : last.status;
}

function afterResponse(request, response, context, _emitter, next) {
  const judge = (good) => {
    if (!good) reject(request);
    const unexpected = good ? finish(request) : null;
    // Artillery counts a user who got a 503 as completed; we count that user as failed.
    if (unexpected !== null) return next(new Error(`UNEXPECTED_STATUS_${unexpected}`));
    return good ? next() : next(new Error(MISMATCH));
  };
  const found = pending.get(uuids.get(request));
  // A wrong status says more than what is missing from its page.
  if (!found || !isExpectedStatus(found, response.statusCode)) return judge(true);
  if (checksOf(request.expect).length === 0) return judge(true);
  return isAsExpected(request, response, context).then(judge);
}

function onError(error, request, _context, _emitter, next) {
  finish(request, error);
  return next();
}

// --- what happens once, before or after the load: not measured, but it has to succeed ---

function beforeAround(context, _emitter, next) {
  guard(context);
  return next();
}

const aroundName = (request) => `the request ${request.method} ${endpointOf(request).split(' ').at(-1)}`;

function aroundResponse(request, response, context, _emitter, next) {
  const expected = statusesOf(request.expect);
  const { statusCode } = response;
  const usual = expected.length > 0 ? expected.includes(statusCode) : statusCode < 400;
  const good = usual || judgesStatus(request.expect);
  if (!good) {
    complain(`${aroundName(request)} before or after the load answered ${statusCode}`);
    return next();
  }
  return isAsExpected(request, response, context).then((met) => {
    if (!met) complain(`${aroundName(request)} before or after the load did not answer as \`expect\` asks`);
    return next();
  });
}

function aroundError(error, request, _context, _emitter, next) {
  complain(`${aroundName(request)} before or after the load failed: ${error.code || error.message}`);
  return next();
}

// Only looks: what happens then is Artillery's and Node's own.
process.on('uncaughtExceptionMonitor', (error) => complain(String(error?.message ?? error)));

// Only what the load costs depends on it, so that this cannot be done ends nothing.
function letGoOfVisitors() {
  let why;
  try {
    why = letGo(process.argv[1]);
  } catch (error) {
    why = error.message;
  }
  if (why) fs.writeSync(2, `Visitors who have left stay in Artillery's memory, which makes its pauses longer: ${why}\n`);
}

const functions = {
  haproofBeforeScenario: beforeScenario,
  haproofBeforeRequest: beforeRequest,
  haproofAfterResponse: afterResponse,
  haproofOnError: onError,
  haproofBeforeAround: beforeAround,
  haproofAroundResponse: aroundResponse,
  haproofAroundError: aroundError
};

if (requestsFile) keepTime(now);
if (requestsFile) listenToBodies();
if (requestsFile && !isMainThread) letGoOfVisitors();
awaitStart();

// Artillery takes the functions; `processor.mjs` also what its wrappers need.
module.exports = {
  ...functions,
  functions,
  complain,
  MISMATCH,
  reject,
  judge: () => {
    judged = true;
  }
};
