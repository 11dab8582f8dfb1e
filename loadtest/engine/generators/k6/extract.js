// `capture` and `match`: what a script takes from an answer, or wants in it.

import { parseHTML } from 'k6/html';

import { jsonPath } from './json_path.js';
import { template } from './template.js';

// Returns whether nothing failed; only then do the captured variables exist.
export function captureAndMatch(step, response, vars, strict) {
  const captured = step.capture.map((spec) => [spec, extract(spec, response, vars)]);
  const missing = captured.some(
    ([spec, value]) => (value === undefined || value === '') && isStrict(spec, strict)
  );
  const mismatch = step.match.some(
    (spec) => spec.strict !== false && extract(spec, response, vars) !== template(spec.value, vars)
  );
  if (missing || mismatch) return false;
  for (const [spec, value] of captured) assign(vars, spec.as, value);
  return true;
}

const isStrict = (spec, byDefault) => (byDefault ? spec.strict !== false : spec.strict === true);

// `as: user.id` sets a property, as lodash's `set` does.
function assign(vars, name, value) {
  const path = name.match(/[^.[\]'"]+/g);
  const last = path.pop();
  let object = vars;
  for (const key of path) {
    if (object[key] === null || typeof object[key] !== 'object') object[key] = {};
    object = object[key];
  }
  object[last] = value;
}

function extract(spec, response, vars) {
  if (spec.header) return header(response.headers, template(spec.header, vars));
  if (spec.regexp) return regexp(response.body ?? '', template(spec.regexp, vars), spec);
  if (spec.selector) return selected(response.body ?? '', template(spec.selector, vars), spec);
  let document;
  try {
    document = JSON.parse(response.body);
  } catch {
    return undefined;
  }
  if (document === null || typeof document !== 'object') return '';
  const found = jsonPath(document, template(spec.json, vars));
  if (spec.multiple === false) return found.length === 0 ? '' : found.length === 1 ? found[0] : found;
  return found[Math.floor(Math.random() * found.length)];
}

function selected(html, selector, { attr, index = 0 }) {
  const found = parseHTML(html).find(selector);
  const last = found.size() - 1;
  const at = { random: Math.ceil(Math.random() * (last + 1) - 1), last }[index] ?? Number(index);
  return found.eq(at).attr(attr);
}

// k6 writes headers as Go does: `X-Request-Id`.
function header(headers, wanted) {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === wanted);
  return name === undefined ? '' : headers[name];
}

function regexp(text, expression, { group, flags }) {
  const found = new RegExp(expression, flags).exec(text);
  if (found === null) return '';
  if (group && found.groups) return found.groups[group];
  return (group && found[group]) || found[0] || '';
}
