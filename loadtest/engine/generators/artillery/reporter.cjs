'use strict';

// An Artillery reporter (CUSTOM_REPORTERS), in its main thread: records when each phase started, and
// worker errors, and exits when the process that started Artillery is gone.

const fs = require('node:fs');

const { watchStarter } = require('./starter.cjs');

const ORPHAN_CHECK_MS = 1000;

module.exports = function createReporter(events) {
  const file = process.env.HAPROOF_GENERATOR_FILE;
  const record = (line) => {
    try {
      fs.appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    } catch (error) {
      console.error(`haproof: cannot write ${file}: ${error.code || error.message}`);
    }
  };

  events.on('phaseStarted', (phase) =>
    record({ event: 'phase', index: phase.index, name: phase.name ?? null, at: phase.startTime })
  );
  events.on('workerError', (message) =>
    record({ event: 'error', at: Date.now(), message: String(message.error?.message ?? message) })
  );

  const isAlone = watchStarter();
  setInterval(() => {
    if (isAlone()) process.exit(143);
  }, ORPHAN_CHECK_MS).unref();
  return {};
};
