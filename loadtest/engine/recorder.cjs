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
const { threadId } = require('node:worker_threads');

const FLUSH_MS = 200;
const BEAT_MS = 1000;
const DELAY_RESOLUTION_MS = 10;
const GZIP_LEVEL = 3; // a third of the default level's time, for a tenth more bytes

const requestsFile = process.env.HAPROOF_REQUESTS_FILE;
const generatorFile = process.env.HAPROOF_GENERATOR_FILE;

const pending = new Map(); // uuid of a request -> what its hops share, and the hops
const observed = new WeakSet(); // event emitters that already have our listeners
let users = 0;
let lines = [];
let requestsFd = null;
let generatorFd = null;
let broken = false; // a write failed: anything written now would follow a gap

const epoch = () => performance.timeOrigin + performance.now();
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

function start() {
  requestsFd = fs.openSync(requestsFile, 'a', 0o600);
  generatorFd = fs.openSync(generatorFile, 'a', 0o600);
  setInterval(flush, FLUSH_MS).unref();
  process.on('exit', flush);

  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  let busyBefore = performance.eventLoopUtilization();
  const lag = (nanoseconds) => micro(Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS));
  setInterval(() => {
    const busyNow = performance.eventLoopUtilization();
    const beat = {
      event: 'beat',
      at: micro(epoch()),
      worker: threadId,
      users,
      in_flight: pending.size,
      lag_p99: lag(delay.percentile(99)),
      lag_max: lag(delay.max),
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
  if (request.expect.length > 0) return request.expect.includes(status);
  return status >= 200 && status < 400;
}

function isRedirect(request, hop) {
  const { status, headers } = hop;
  return request.follows && status >= 300 && status < 400 && headers.location !== undefined;
}

// `expect: { statusCode: 200 }` or a list of these, as in artillery-plugin-expect.
function expectedStatuses(expect) {
  return [expect ?? []].flat().flatMap((one) => [one.statusCode ?? []].flat()).map(Number);
}

function endpointOf(request) {
  if (request.name) return request.name;
  return `${request.method} ${request.url.replace(/^[a-z]+:\/\/[^/]+/i, '').split('?')[0] || '/'}`;
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
      // The result of captures and matches is known only later, in `finish`.
      if (!request.inspects) write(request, hop);
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
  context.haproofUser = { id: `${threadId}-${users}`, arrived: epoch() };
}

function beforeScenario(context, _emitter, next) {
  arrive(context);
  return next();
}

function beforeRequest(request, context, emitter, next) {
  if (!context.haproofUser) arrive(context);
  observe(emitter);
  pending.set(request.uuid, {
    user: context.haproofUser.id,
    arrived: context.haproofUser.arrived,
    endpoint: endpointOf(request),
    expect: expectedStatuses(request.expect),
    follows: request.followRedirect !== false,
    inspects: request.capture !== undefined || request.match !== undefined,
    mismatch: false,
    hops: []
  });
  return next();
}

// Remove a request from the pending ones and write those of its hops that are not written yet.
function finish(uuid, error) {
  const request = pending.get(uuid);
  pending.delete(uuid);
  if (!request) return null;
  if (request.hops.length === 0) request.hops.push(newHop(null));
  const last = request.hops.at(-1);
  for (const hop of request.hops) write(request, hop, hop === last ? error : undefined);
  return isRedirect(request, last) || isExpectedStatus(request, last.status) ? null : last.status;
}

function afterResponse(request, _response, _context, _emitter, next) {
  const unexpected = finish(request.uuid);
  // Artillery counts a user who got a 503 as completed; we count that user as failed.
  return unexpected === null ? next() : next(new Error(`UNEXPECTED_STATUS_${unexpected}`));
}

function onError(error, request, _context, _emitter, next) {
  finish(request.uuid, error);
  return next();
}

module.exports = {
  haproofBeforeScenario: beforeScenario,
  haproofBeforeRequest: beforeRequest,
  haproofAfterResponse: afterResponse,
  haproofOnError: onError
};
