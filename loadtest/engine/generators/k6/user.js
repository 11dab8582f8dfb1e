// What one virtual user does under k6: walks through the plan that `plan.json` holds, as Artillery
// (2.0.34: core/engine_http, commons/engine_util) walks through the script that it was made of. Prints
// one line per fact for the recorder (`loadtest/engine/generators/recorder.py`).
//
// One iteration is one user: a connection and cookies of its own. The executor (`toolchain/k6/arrivals`)
// begins each at its planned moment, in one of k6's own users that is free. What is the same for every
// user is made once for each of those: k6 interprets JavaScript, most of what a request costs it.

import * as haproof from 'k6/x/haproof';
import { sleep } from 'k6';
import { SharedArray } from 'k6/data';
import { Counter } from 'k6/metrics';

import { evaluate } from './condition.js';
import { captureAndMatch } from './extract.js';
import { errorCode, isRedirect, location, sameHost } from './http.js';
import { optionsOf, totals } from './options.js';
import { milliseconds, probable, template } from './template.js';
import { redirected, requestOf } from './request.js';

// Constants: k6 looks up what is imported from it each time that it is used.
const { arrive, body: answerBody, failure, headers, leave, print, record, send, uuid } = haproof;
const plan = JSON.parse(open('./plan.json'));
const rows = plan.payloads.map(
  (_, index) => new SharedArray(`rows ${index}`, () => JSON.parse(open('../rows.json'))[index])
);
const weights = plan.scenarios.map((one) => one.weight);
const total = weights.reduce((sum, one) => sum + one, 0);

const errors = new Counter('haproof_errors'); // the extension's own
const MOST_REDIRECTS = 10; // as in got, Artillery's HTTP client

export const options = optionsOf(plan);

class Failed extends Error {}

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
  for (let index = 0; index < rows.length; index += 1) load(plan.payloads[index], rows[index], number, vars);
  for (const name in plan.variables) {
    const value = plan.variables[name];
    vars[name] = template(Array.isArray(value) ? pick(value) : value, vars);
  }
  return vars;
}

function load(payload, values, number, vars) {
  if (payload.order === 'all') {
    vars[payload.name] = Array.from(values);
    return;
  }
  const row = payload.order === 'sequence' ? values[number % values.length] : pick(values);
  for (let column = 0; column < payload.fields.length; column += 1) {
    vars[payload.fields[column]] = row[column];
  }
}

function environment() {
  const passed = {};
  for (const name of plan.pass_env) passed[name] = __ENV[name] ?? '';
  return passed;
}

function scenario() {
  if (plan.scenarios.length === 1) return plan.scenarios[0];
  let left = Math.random() * total;
  return plan.scenarios.find((one) => (left -= one.weight) < 0 && one.weight > 0) ?? plan.scenarios[0];
}

// --- what a user does ---

function walk(steps, user) {
  for (let index = 0; index < steps.length; index += 1) {
    const step = steps[index];
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
    allow(next.url);
    const { common, url, body } = next;
    const status = send(common.shared, url, body);
    const error = status === 0 ? errorCode(failure()) : null;
    const to =
      isRedirect(status) && step.followRedirect !== false
        ? location({ ...common, url, body }, status, headers())
        : null;
    if (to === null || hops === MOST_REDIRECTS) {
      if (to !== null) errors.add(1); // the extension has counted an answer
      conclude(step, common, user, status, to === null ? error : 'ERR_TOO_MANY_REDIRECTS');
      return;
    }
    record(common.endpoint, true, null);
    next = redirected(common, to, plan);
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

const MOST_KNOWN = 100;
const allowed = new Set(); // URLs that may be put under load: most scripts have but a few

function allow(url) {
  if (allowed.has(url)) return;
  if (!/^https?:\/\//.test(url)) throw new Error(`Invalid URL - ${url}`);
  if (!sameHost(url, plan.target)) strayed(url);
  if (allowed.size < MOST_KNOWN) allowed.add(url);
}

function strayed(url) {
  const host = url.replace(/^https?:\/\/([^/?#]*).*/, '$1');
  print(`haproof: a request went to ${host}: only the stack's own URL, ${plan.target}, is put under load`);
  throw new Failed();
}

// The last answer: is it what the scenario expects?
function conclude(step, common, user, status, error) {
  let good = error === null && expects(step, status);
  if (status !== 0 && common.inspects) {
    good = captureAndMatch(step, { headers: headers(), body: answerBody() }, user.vars, plan.strict) && good;
  }
  record(common.endpoint, good, error);
  if (!good) {
    if (user.around) complain(step, status, error);
    throw new Failed();
  }
}

function expects(step, status) {
  return step.expect.length > 0 ? step.expect.includes(status) : status >= 200 && status < 400;
}

function complain(step, status, error) {
  const what = error === null ? `answered ${status}` : `failed: ${error}`;
  print(`haproof: the request ${step.method} ${step.url} before or after the load ${what}`);
}

// --- before, during and after the load ---

export function setup() {
  if (plan.before === null) return { vars: {} };
  const user = { vars: variables(0, {}), around: true };
  live(plan.before, user);
  return { vars: user.vars };
}

export function teardown(data) {
  if (plan.after !== null) live(plan.after, { vars: variables(0, data.vars), around: true });
}

export default function (data) {
  const number = arrive();
  leave(live(scenario().flow, { vars: variables(number, data.vars), around: false }));
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

export const handleSummary = (data) => totals(plan, data);
