// `{{ … }}` in the texts of a script, pauses and chances, as Artillery reads them.

const CALL = /{{\s*(\$[A-Za-z0-9_]+)\s*\(\s*([A-Za-z0-9_,\s]*)\s*\)\s*}}/;
const VARIABLE = /{{{?[\s$\w.[\]'"-]+}}}?/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const FUNCTIONS = {
  $randomNumber: (low = 0, high = 1) => low + Math.floor(Math.random() * (high - low + 1)),
  $randomString: (length = 10) =>
    Array.from({ length }, () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)]).join('')
};

export function template(value, vars) {
  if (typeof value === 'string') return value.includes('{{') ? fill(value, vars) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one) => template(one, vars));
  const filled = {};
  for (const key of Object.keys(value)) filled[template(key, vars)] = template(value[key], vars);
  return filled;
}

// Whether no variable is in it, at any depth.
export const isFixed = (value) => value === undefined || !JSON.stringify(value).includes('{{');

// Texts that are one variable and nothing else -> its name. A script has few of them, and reads them
// for every user: interpreting the expressions each time is most of what a template costs.
const variables = new Map();

function fill(text, vars) {
  const name = variables.get(text);
  if (name !== undefined) return whole(lookUp(name, vars));
  if (!CALL.test(text) && isVariable(text)) {
    variables.set(text, nameIn(text));
    return fill(text, vars);
  }
  return expand(text, vars);
}

function isVariable(text) {
  const found = text.match(VARIABLE);
  return found !== null && found[0] === text;
}

function expand(text, vars) {
  let found;
  while ((found = text.match(CALL))) {
    const args = found[2].split(',').filter((one) => one.trim() !== '');
    text = text.replace(found[0], () => FUNCTIONS[found[1]](...args.map(Number)));
  }
  if (isVariable(text)) return whole(lookUp(nameIn(text), vars));
  while ((found = text.match(VARIABLE))) {
    const value = lookUp(nameIn(found[0]), vars);
    text = text.replace(found[0], () =>
      typeof value === 'object' ? JSON.stringify(value) : String(value)
    );
  }
  return text;
}

// A text that is one variable and nothing else keeps the variable's type.
function whole(value) {
  return Number.isNaN(value) ? '' : value;
}

const nameIn = (braced) => braced.replace(/[{}]/g, '').trim();

// `a.b[0]['c']`, as lodash's `get`: a variable of that whole name comes first.
function lookUp(name, vars) {
  if (name in vars) return vars[name];
  const path = name.match(/[^.[\]'"]+/g) ?? [];
  return path.reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), vars);
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION =
  /^(\d+(?:\.\d+)?|\.\d+) *(ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)?$/i;

// Whole numbers are seconds, others milliseconds unless they have a unit, as the package `ms` reads them.
export function milliseconds(given) {
  const text = String(given).trim();
  if (Number.isInteger(Number(text))) return Number(text) * 1000;
  const found = DURATION.exec(text);
  if (found === null) return undefined;
  const unit = (found[2] ?? 'ms').toLowerCase();
  return Number(found[1]) * UNITS[/^m(s|il)/.test(unit) ? 'ms' : unit[0]];
}

export function probable(probability) {
  if (probability === undefined) return true;
  return Math.floor(Math.random() * 101) < Math.min(100, Number(probability) || 0);
}
