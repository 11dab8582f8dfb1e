// What one virtual user does under k6: walks through the plan that `plan.json` holds, as Artillery
// (2.0.34: core/engine_http, commons/engine_util) walks through the script that it was made of. Prints
// one line per fact for the recorder (`loadtest/engine/generators/recorder.py`).
//
// One iteration is one user: a connection and cookies of its own, and a planned moment to arrive at.
// The iterations are shared by all of k6's own users, so the next arrival waits for none that is busy.

import exec from 'k6/execution';
import http from 'k6/http';
import { sleep } from 'k6';
import { SharedArray } from 'k6/data';
import { Counter } from 'k6/metrics';

import { evaluate } from './condition.js';
import { captureAndMatch } from './extract.js';
import { errorCode, location, sameHost } from './http.js';
import { milliseconds, probable, template } from './template.js';
import { requestOf } from './request.js';

const plan = JSON.parse(open('./plan.json'));
const schedule = new SharedArray('schedule', () => JSON.parse(open('./schedule.json')));
const rows = plan.payloads.map(
  (_, index) => new SharedArray(`rows ${index}`, () => JSON.parse(open('../rows.json'))[index])
);
const weights = plan.scenarios.map((one) => one.weight);
const total = weights.reduce((sum, one) => sum + one, 0);
const timeout = plan.timeout_s * 1000;

const MOST_REDIRECTS = 10; // as in got, Artillery's HTTP client
const HEAD_START_MS = 200;
const LATE_MS = 20; // a user who arrives later than this found nobody free

// k6's own counts, against which the recorded lines are held.
const completed = new Counter('haproof_completed');
const failed = new Counter('haproof_failed');
const responses = new Counter('haproof_responses');
const errors = new Counter('haproof_errors');
const around = new Counter('haproof_around');
const skipped = new Counter('haproof_skipped');

export const options = {
  scenarios: {
    users: {
      executor: 'shared-iterations',
      vus: plan.vus,
      iterations: schedule.length,
      maxDuration: `${plan.longest_s}s`,
      gracefulStop: '0s'
    }
  },
  noVUConnectionReuse: true,
  noCookiesReset: false,
  maxRedirects: 0,
  insecureSkipTLSVerify: plan.tls.rejectUnauthorized === false,
  systemTags: [],
  summaryTrendStats: [],
  setupTimeout: '120s',
  teardownTimeout: '120s'
};

class Failed extends Error {}

const print = (line) => console.log(line);
const pick = (list) => list[Math.floor(Math.random() * list.length)];

// --- a user ---

function variables(number, given) {
  const vars = {
    target: plan.target,
    $env: environment(),
    $processEnvironment: environment(),
    $uuid: uuid(),
    $testId: plan.run,
    ...given
  };
  plan.payloads.forEach((payload, index) => {
    const values = rows[index];
    if (payload.order === 'all') {
      vars[payload.name] = Array.from(values);
      return;
    }
    const row = payload.order === 'sequence' ? values[number % values.length] : pick(values);
    payload.fields.forEach((name, column) => {
      vars[name] = row[column];
    });
  });
  for (const [name, value] of Object.entries(plan.variables)) {
    vars[name] = template(Array.isArray(value) ? pick(value) : value, vars);
  }
  return vars;
}

function environment() {
  return Object.fromEntries(plan.pass_env.map((name) => [name, __ENV[name] ?? '']));
}

function uuid() {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () =>
    Math.floor(Math.random() * 16).toString(16)
  );
}

function scenario() {
  let left = Math.random() * total;
  return plan.scenarios.find((one) => (left -= one.weight) < 0 && one.weight > 0) ?? plan.scenarios[0];
}

// --- what a user does ---

function walk(steps, user) {
  for (const step of steps) {
    if (step.request !== undefined) request(step.request, user);
    else if (step.think !== undefined) think(step, user);
    else if (step.loop !== undefined) loop(step, user);
    else if (step.log !== undefined) print(`log: ${JSON.stringify(template(step.log, user.vars))}`);
  }
}

function think(step, user) {
  const given = template(step.think, user.vars);
  const ms = milliseconds(given);
  if (ms === undefined) throw new Error(`Invalid think time: ${given}`);
  const jitter = step.jitter ?? plan.jitter;
  sleep((jitter ? jittered(ms, String(jitter)) : ms) / 1000);
}

function jittered(ms, jitter) {
  const by = jitter.includes('%') ? (ms * parseInt(jitter, 10)) / 100 : parseInt(jitter, 10);
  return Math.max(0, ms - by + Math.random() * 2 * by);
}

function loop(step, user) {
  const { vars } = user;
  const over = typeof step.over === 'string' ? lookUp(vars, step.over) : step.over;
  if (step.over !== undefined && !Array.isArray(over)) return;
  const [from, to] = rounds(template(step.count ?? -1, vars));
  const index = step.loopValue ?? '$loopCount';
  const element = step.loopElement ?? '$loopElement';
  vars[index] = from;
  for (let i = from; over ? i !== over.length : i < to || to === -1; i += 1) {
    vars[element] = over ? over[i] : from;
    walk(step.loop, user);
    vars[index] += 1;
  }
}

const lookUp = (vars, name) => template(`{{ ${name} }}`, vars);

function rounds(count) {
  if (!Number.isNaN(Number(count))) return [0, Number(count)];
  return /\d-\d/.test(count) ? String(count).split('-').map(Number).slice(0, 2) : [0, 0];
}

// --- a request, along its redirects ---

function request(step, user) {
  if (!probable(step.probability) || !wanted(step, user.vars)) return;
  let next = requestOf(step, plan, user.vars);
  for (let hops = 0; ; hops += 1) {
    if (!/^https?:\/\//.test(next.url)) throw new Error(`Invalid URL - ${next.url}`);
    if (!sameHost(next.url, plan.target)) strayed(next.url);
    const hop = send(next, user);
    const { response } = hop;
    const to = hop.error === null && step.followRedirect !== false ? location(next, response) : null;
    if (to === null || hops === MOST_REDIRECTS) {
      conclude(step, next, user, hop, to !== null);
      return;
    }
    record(next, user, hop, true);
    next = to;
  }
}

function wanted(step, vars) {
  if (step.ifTrue === undefined) return true;
  try {
    return Boolean(evaluate(step.ifTrue, vars));
  } catch {
    return true; // Artillery sends what has a condition that fails
  }
}

function strayed(url) {
  const host = url.replace(/^https?:\/\/([^/?#]*).*/, '$1');
  print(`haproof: a request went to ${host}: only the stack's own URL, ${plan.target}, is put under load`);
  throw new Failed();
}

function send(next, user) {
  const started = Date.now();
  const response = http.request(next.method, next.url, next.body, {
    headers: next.headers,
    cookies: next.cookies,
    timeout,
    redirects: 0,
    responseType: next.inspects ? 'text' : 'none'
  });
  if (user.around) around.add(1);
  const error = errorCode(response);
  if (response.status > 0) responses.add(1);
  if (error !== null) errors.add(1);
  return { started, ended: Date.now(), response, error };
}

// The last answer: is it what the scenario expects?
function conclude(step, next, user, hop, endless) {
  const { response, error } = hop;
  let good = error === null && !endless && expects(step, response.status);
  if (error === null && (step.capture.length > 0 || step.match.length > 0)) {
    good = captureAndMatch(step, response, user.vars, plan.strict) && good;
  }
  record(next, user, endless ? { ...hop, error: 'ERR_TOO_MANY_REDIRECTS' } : hop, good);
  if (!good) {
    if (user.around) complain(step, hop);
    throw new Failed();
  }
}

function expects(step, status) {
  return step.expect.length > 0 ? step.expect.includes(status) : status >= 200 && status < 400;
}

function complain(step, { response, error }) {
  const what = error === null ? `answered ${response.status}` : `failed: ${error}`;
  print(`haproof: the request ${step.method} ${step.url} before or after the load ${what}`);
}

function record(next, user, hop, good) {
  if (user.around) return;
  const { response, error, started } = hop;
  const { timings, headers } = response;
  const answered = response.status > 0;
  const ttfb = timings.blocked + timings.sending + timings.waiting;
  print(
    JSON.stringify({
      vu: user.id,
      endpoint: next.endpoint,
      arrived: user.arrived,
      start: started,
      ttfb: answered ? ttfb : null,
      total: error === null ? ttfb + timings.receiving : hop.ended - started,
      status: answered ? response.status : null,
      expected: answered ? good : null,
      error,
      sent: response.error_code < 1010 || response.error_code > 1020,
      instance: headers['X-Instance-Id'] ?? null,
      zone: headers['X-Availability-Zone'] ?? null,
      version: headers['X-App-Version'] ?? null
    })
  );
}

// --- before, during and after the load ---

export function setup() {
  let vars = {};
  if (plan.before !== null) {
    const user = { vars: variables(0, {}), around: true };
    live(plan.before, user);
    ({ vars } = user);
  }
  const began = Date.now() + HEAD_START_MS;
  print(`began ${began}`);
  return { began, vars };
}

export function teardown(data) {
  if (plan.after !== null) live(plan.after, { vars: variables(0, data.vars), around: true });
}

export default function (data) {
  const number = exec.scenario.iterationInTest;
  const due = data.began + schedule[number] * 1000;
  sleep(Math.max(0, due - Date.now()) / 1000);
  const arrived = Date.now();
  // In the closed model k6 has as many users as there may be at once: whoever is late is one too many.
  if (plan.most_at_once !== null && arrived - due > LATE_MS) {
    skipped.add(1);
    return;
  }
  print(`a ${arrived - due}`);
  const user = { id: `1-${number + 1}`, arrived, vars: variables(number, data.vars), around: false };
  const good = live(scenario().flow, user);
  (good ? completed : failed).add(1);
  print(`e ${good ? 1 : 0}`);
}

function live(flow, user) {
  try {
    walk(flow, user);
    return true;
  } catch (error) {
    if (!(error instanceof Failed)) print(`s ${String(error.message ?? error).split('\n')[0]}`);
    return false;
  }
}

export function handleSummary(data) {
  const count = (name) => data.metrics[name]?.values.count ?? 0;
  const counters = {
    'vusers.created': count('iterations') - count('haproof_skipped'),
    'vusers.completed': count('haproof_completed'),
    'vusers.failed': count('haproof_failed'),
    'vusers.skipped': schedule.length - count('iterations') + count('haproof_skipped'),
    'http.requests': count('http_reqs') - count('haproof_around'),
    'http.codes.all': count('haproof_responses'),
    'errors.all': count('haproof_errors')
  };
  return { 'totals.json': JSON.stringify({ counters }) };
}
