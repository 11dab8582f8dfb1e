// The recorder together with the functions that a script brings. Each function runs as it does without
// the recorder; what it throws or rejects ends in its own message.
//
// How Artillery (2.0.34, core/engine_http) tells functions apart: by the arguments it calls them with,
// and plain from `async` ones by their constructor's name. The wrappers keep both.

import { pathToFileURL } from 'node:url';
import path from 'node:path';

// First, so that its clock is the one that nobody has touched.
import recorder from './recorder.cjs';

const file = process.env.HAPROOF_PROCESSOR;
const names = (process.env.HAPROOF_FUNCTIONS ?? '').split(',').filter(Boolean);
const shown = path.basename(process.env.HAPROOF_PROCESSOR_NAME ?? file);

const text = (error) => String(error?.message ?? error).split('\n')[0];
const isRequest = (value) => typeof value?.uuid === 'string';
const isAfterResponse = ([request, response]) =>
  isRequest(request) && typeof response?.statusCode === 'number';

// What a function reports: after an answer, that this was not the right one; else why its user failed.
function failure(name, args, error) {
  if (isAfterResponse(args)) {
    recorder.reject(args[0]);
    return new Error(recorder.MISMATCH);
  }
  return new Error(`the function ${name} failed: ${text(error)}`);
}

function plain(name, original) {
  return function (...args) {
    const next = args.at(-1);
    if (typeof next !== 'function') return original.apply(this, args); // a condition
    let called = false;
    args[args.length - 1] = (error, ...rest) => {
      if (called) return recorder.complain(`${shown}: ${name} calls its callback twice`);
      called = true;
      // With two arguments it is a loop's condition, whose answer is no error.
      return next(error && args.length > 2 ? failure(name, args, error) : error, ...rest);
    };
    try {
      return original.apply(this, args);
    } catch (error) {
      recorder.complain(`${shown}: ${name} failed: ${text(error)}`);
      return called ? undefined : args.at(-1)(error);
    }
  };
}

function asynchronous(name, original) {
  return async function (...args) {
    // For `onError`, Artillery waits for a callback that nobody would call.
    const next = typeof args.at(-1) === 'function' ? args.pop() : null;
    try {
      const value = await original.apply(this, args);
      return next ? next() : value;
    } catch (error) {
      const found = failure(name, args, error);
      if (next) return next(found);
      throw found;
    }
  };
}

const wrap = (name, one) =>
  one.constructor.name === 'AsyncFunction' ? asynchronous(name, one) : plain(name, one);

async function load() {
  recorder.judge();
  let found;
  try {
    const loaded = await import(pathToFileURL(file).href);
    found = { ...(loaded.default ?? {}), ...loaded };
  } catch (error) {
    recorder.complain(`the processor ${shown} cannot be loaded: ${text(error)}`);
    return {};
  }
  const missing = names.filter((name) => typeof found[name] !== 'function');
  if (missing.length > 0) {
    recorder.complain(`the processor ${shown} exports no function ${missing.join(', ')}`);
  }
  return Object.fromEntries(
    Object.entries(found)
      .filter(([name, one]) => typeof one === 'function' && name !== 'default')
      .map(([name, one]) => [name, wrap(name, one)])
  );
}

export default { ...(await load()), ...recorder.functions };
