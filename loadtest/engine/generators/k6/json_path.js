// The part of JSONPath that `support.py` lets through.

const STEP = /\.\.|\.?\*|\[\*\]|\.?([\w$-]+)|\[(-?\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/g;

// `$.a.b[0]`, `$.list[*].id`, `$..id`; whatever else JSONPath has is refused before the run.
export function jsonPath(document, path) {
  let found = [document];
  let deep = false;
  for (const [step, name, index, single, double] of path.replace(/^\$/, '').matchAll(STEP)) {
    if (step === '..') {
      deep = true;
      continue;
    }
    const from = deep ? found.flatMap(descendants) : found;
    deep = false;
    const key = name ?? index ?? single ?? double;
    found = from.flatMap((one) => {
      if (key === undefined) return one !== null && typeof one === 'object' ? Object.values(one) : [];
      return one && Object.prototype.hasOwnProperty.call(one, key) ? [one[key]] : [];
    });
  }
  return found;
}

function descendants(value) {
  if (value === null || typeof value !== 'object') return [];
  return [value, ...Object.values(value).flatMap(descendants)];
}
