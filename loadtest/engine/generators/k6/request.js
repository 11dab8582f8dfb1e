// A request as k6 sends it, from a step of the plan.

import encoding from 'k6/encoding';

import { template } from './template.js';

const lowerCase = (headers) =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

export function requestOf(step, plan, vars) {
  const [body, type] = bodyOf(step, vars);
  const headers = { ...plan.headers, ...lowerCase(step.headers) };
  if (type !== null && !('content-type' in headers)) headers['content-type'] = type;
  if (step.gzip !== false) headers['accept-encoding'] = headers['accept-encoding'] ?? 'gzip, deflate, br';
  for (const [name, value] of Object.entries(headers)) headers[name] = String(template(value, vars));
  if (step.auth !== undefined) headers.authorization = basic(template(step.auth, vars));
  const cookies = { ...plan.cookie, ...step.cookie };
  for (const [name, value] of Object.entries(cookies)) cookies[name] = String(template(value, vars));
  const url = based(String(template(step.url, vars)), plan.target);
  return {
    method: step.method,
    url: withQuery(url, step.qs && template(step.qs, vars)),
    body,
    headers,
    cookies,
    inspects: step.capture.length > 0 || step.match.length > 0,
    // As the script has it, like the recorder of Artillery: else every id would be an endpoint.
    endpoint: step.name || `${step.method} ${pathOf(step.url)}`
  };
}

const based = (url, target) => (url.startsWith('/') ? target + url : url);
const pathOf = (url) => url.replace(/^[a-z]+:\/\/[^/]+/i, '').split('?')[0] || '/';
const basic = ({ user, pass }) => `Basic ${encoding.b64encode(`${user}:${pass}`)}`;

// What is not ASCII, or a space, is encoded; what is encoded already stays.
function withQuery(url, qs) {
  const plain = url.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  return qs ? `${plain}?${form(qs)}` : plain;
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
  if (step.json) return [JSON.stringify(template(step.json, vars)), 'application/json'];
  if (step.form) return [form(template(step.form, vars)), 'application/x-www-form-urlencoded'];
  if (step.body) return [String(template(step.body, vars)), null];
  return [null, null];
}
