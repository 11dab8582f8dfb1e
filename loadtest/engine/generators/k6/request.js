// A request as k6 sends it, from a step of the plan.

import encoding from 'k6/encoding';
import { request } from 'k6/x/haproof';

import { isFixed, template } from './template.js';

// Returns what is sent for a step: `url`, `body`, and in `common` what further requests share with it.
export function requestOf(step, plan, vars) {
  const made = (step.made ??= prepare(step, plan));
  return {
    common: made.common ?? compose(step, plan, vars),
    url: made.url ?? urlOf(step, plan, vars),
    body: made.body === undefined ? bodyOf(step, vars) : made.body
  };
}

// The same, sent to where a redirect leads (`location`).
export function redirected(common, { method, headers, url, body }, plan) {
  return { common: share({ ...common, method, headers }, plan), url, body };
}

// What is the same for every user, of the parts that no variable changes.
function prepare(step, plan) {
  const heads = [plan.headers, step.headers, plan.cookie, step.cookie, step.auth];
  return {
    common: heads.every(isFixed) ? compose(step, plan, {}) : null,
    url: isFixed(step.url) && isFixed(step.qs) ? urlOf(step, plan, {}) : null,
    body: [step.json, step.form, step.body].every(isFixed) ? bodyOf(step, {}) : undefined
  };
}

function compose(step, plan, vars) {
  const headers = { ...plan.headers, ...lowerCase(step.headers) };
  const type = contentType(step);
  if (type !== null && !('content-type' in headers)) headers['content-type'] = type;
  if (step.gzip !== false) headers['accept-encoding'] = headers['accept-encoding'] ?? 'gzip, deflate, br';
  for (const [name, value] of Object.entries(headers)) headers[name] = String(template(value, vars));
  if (step.auth !== undefined) headers.authorization = basic(template(step.auth, vars));
  const cookies = { ...plan.cookie, ...step.cookie };
  for (const [name, value] of Object.entries(cookies)) cookies[name] = String(template(value, vars));
  return share(
    {
      method: step.method,
      headers,
      cookies,
      inspects: step.capture.length > 0 || step.match.length > 0,
      // As the script has it, like the recorder of Artillery: else every id would be an endpoint.
      endpoint: step.name || `${step.method} ${pathOf(step.url)}`
    },
    plan
  );
}

// With what k6 takes for any number of requests that have these in common.
export function share(one, plan) {
  const { method, headers, cookies, inspects } = one;
  return { ...one, shared: request(method, headers, cookies, plan.timeout_s * 1000, inspects) };
}

const lowerCase = (headers) =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

function urlOf(step, plan, vars) {
  const url = based(String(template(step.url, vars)), plan.target);
  return withQuery(url, step.qs && template(step.qs, vars));
}

const based = (url, target) => (url.startsWith('/') ? target + url : url);
const pathOf = (url) => url.replace(/^[a-z]+:\/\/[^/]+/i, '').split('?')[0] || '/';
const basic = ({ user, pass }) => `Basic ${encoding.b64encode(`${user}:${pass}`)}`;

// What is not ASCII, a space, or a percent sign that encodes nothing, is encoded; what is encoded already stays.
function withQuery(url, qs) {
  const plain = slashed(url).replace(/[^\x21-\x7e]+|%(?![0-9A-Fa-f]{2})/g, encodeURIComponent);
  return qs ? `${plain}?${form(qs)}` : plain;
}

// A URL's path has no backslashes: Node takes them for slashes.
function slashed(url) {
  const [path] = url.split('?', 1);
  return path.replaceAll('\\', '/') + url.slice(path.length);
}

function form(values) {
  return Object.entries(values)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one]))
    .map((pair) => pair.map((one) => encodeURIComponent(plainText(one))).join('='))
    .join('&');
}

const plainText = (value) =>
  value === null || value === undefined || typeof value === 'object' ? '' : String(value);

function bodyOf(step, vars) {
  if (step.json) return JSON.stringify(template(step.json, vars));
  if (step.form) return form(template(step.form, vars));
  return step.body ? String(template(step.body, vars)) : null;
}

function contentType(step) {
  if (step.json) return 'application/json';
  return step.form ? 'application/x-www-form-urlencoded' : null;
}
