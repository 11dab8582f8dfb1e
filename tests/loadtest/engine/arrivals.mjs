// Runs Artillery's own code for phases on a clock of its own, so that the times at which visitors
// start depend on that code alone and not on the computer.
//
//     node arrivals.mjs <directory of Artillery> <workers> <phases as JSON> [<stalls as JSON> [<clock>]]
//
// prints, for each worker thread, the milliseconds after the start at which its visitors start. Each stall,
// [at, for] in milliseconds, keeps the event loop busy. `arrival_clock.cjs`, if it is given, keeps the time.
import { createRequire } from 'node:module';

const [root, workers, phases, stalled = '[]', clock] = process.argv.slice(2);
const stalls = JSON.parse(stalled);
const SPIN_MS = 0.02; // how long one round of a busy loop takes

let now = 0;
let number = 0;
const timers = new Map();
const immediates = new Map();
const settle = globalThis.setImmediate;
globalThis.setTimeout = (work, delay = 1, ...values) => {
  const wait = delay >= 1 ? Math.trunc(delay) : 1; // as in Node
  timers.set(++number, { at: now + wait, run: () => work(...values) });
  return number;
};
globalThis.setImmediate = (work, ...values) => {
  immediates.set(++number, () => work(...values));
  return number;
};
globalThis.clearTimeout = (id) => timers.delete(id);
globalThis.clearImmediate = (id) => immediates.delete(id);
process.hrtime = (since = [0, 0]) => {
  const ns = Math.round(now * 1e6) - (since[0] * 1e9 + since[1]);
  return [Math.floor(ns / 1e9), ns % 1e9];
};

if (clock) createRequire(import.meta.url)(clock).keepTime(() => now);
const { default: phaser } = await import(`${root}/dist/lib/core/phases.js`);
const { default: divideWork } = await import(`${root}/dist/lib/dist.js`);
const script = { config: { phases: JSON.parse(phases) }, scenarios: [] };
const started = divideWork(script, Number(workers)).map((own) => {
  const times = [];
  const running = phaser(own.config.phases);
  running.on('arrival', () => times.push(Math.round(now * 1000) / 1000));
  running.run();
  return times;
});

const END_MS = 60_000;
while (now < END_MS) {
  // Promises first, in the real event loop: they may set the next timer.
  await new Promise((resolve) => settle(resolve));
  if (!timers.size && !immediates.size) break;
  if (stalls.length && now >= stalls[0][0]) now += stalls.shift()[1];
  const due = [...timers].filter(([, timer]) => timer.at <= now);
  if (due.length) {
    for (const [id, timer] of due) {
      timers.delete(id);
      timer.run();
    }
  } else if (immediates.size) {
    const round = [...immediates];
    immediates.clear();
    for (const [, run] of round) run();
    now += SPIN_MS;
  } else {
    now = Math.min(...[...timers.values()].map((timer) => timer.at));
  }
}
console.log(JSON.stringify(started));
