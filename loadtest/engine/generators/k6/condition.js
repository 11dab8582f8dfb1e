// The value of a condition's tree (`translation/conditions.py`), by the rules of filtrex 2: those of
// JavaScript, with comparisons that are 1 or 0.

const FUNCTIONS = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  log: Math.log,
  max: Math.max,
  min: Math.min,
  random: Math.random,
  round: Math.round,
  sqrt: Math.sqrt
};
const list = (value) => (Array.isArray(value) ? value : [value]);
const within = (a, b) => list(a).every((one) => list(b).includes(one));

const BINARY = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => Math.pow(a, b),
  // biome-ignore lint: filtrex compares loosely
  '==': (a, b) => Number(a == b),
  '!=': (a, b) => Number(a != b),
  '~=': (a, b) => Number(RegExp(b).test(a)),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  in: (a, b) => Number(within(a, b)),
  'not in': (a, b) => Number(!within(a, b))
};

export function evaluate(tree, vars) {
  const [kind, ...rest] = tree;
  const value = (index) => evaluate(rest[index], vars);
  switch (kind) {
    case 'number':
    case 'text':
      return rest[0];
    case 'name':
      return property(vars, rest[0]);
    case 'of':
      return property(value(1), rest[0]);
    case 'call':
      return FUNCTIONS[rest[0]](...rest.slice(1).map((one) => evaluate(one, vars)));
    case 'list':
      return rest.map((one) => evaluate(one, vars));
    case '?':
      return value(0) ? value(1) : value(2);
    case 'neg':
      return -value(0);
    case 'not':
      return Number(!value(0));
    case 'and':
      return Number(value(0) && value(1));
    case 'or':
      return Number(value(0) || value(1));
    default:
      return BINARY[kind](value(0), value(1));
  }
}

const property = (object, name) =>
  Object.prototype.hasOwnProperty.call(object ?? {}, name) ? object[name] : undefined;
