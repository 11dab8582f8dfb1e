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
  if (Array.isArray(value)) return value.map((one) => template(one, vars));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [template(key, vars), template(one, vars)])
    );
  }
  return value;
}

function fill(text, vars) {
  let found;
  while ((found = text.match(CALL))) {
    const args = found[2].split(',').filter((one) => one.trim() !== '');
    text = text.replace(found[0], () => FUNCTIONS[found[1]](...args.map(Number)));
  }
  found = text.match(VARIABLE);
  if (found && found[0] === text) return whole(lookUp(text, vars));
  while ((found = text.match(VARIABLE))) {
    const value = lookUp(found[0], vars);
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

// `a.b[0]['c']`, as lodash's `get`: a variable of that whole name comes first.
function lookUp(braced, vars) {
  const name = braced.replace(/[{}]/g, '').trim();
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
