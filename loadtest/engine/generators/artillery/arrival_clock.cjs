// Artillery's clock for arrivals, which a busy event loop does not put back.

const SECOND_MS = 1000;
const PHASES = /[\\/]artillery[\\/]dist[\\/]lib[\\/]core[\\/]phases\.js/;

// Artillery plays a ramp as seconds that follow each other: each begins when the timer of the one before
// fires (2.0.34, core/phases). What a busy event loop is late then, everybody who comes later would be late
// for good, and it adds up. So each of these seconds lasts until it should end. A second that begins in the
// timer of another one begins when that should have ended: immediates run only after its promises.
function keepTime(clock) {
  const { setTimeout: original, setImmediate: afterwards } = globalThis;
  let due = null; // when the second should have ended whose timer fires right now
  function onTime(work, delay, ...values) {
    if (delay !== SECOND_MS || !fromPhases()) return original(work, delay, ...values);
    const end = (due ?? clock()) + SECOND_MS;
    const fire = () => {
      due = end;
      afterwards(() => {
        due = null;
      });
      work(...values);
    };
    return original(fire, Math.max(0, end - clock()));
  }
  // `util.promisify` asks the function for its own form.
  globalThis.setTimeout = Object.defineProperties(onTime, Object.getOwnPropertyDescriptors(original));
}

// Whether Artillery's code for phases called whoever asks.
function fromPhases() {
  return PHASES.test(new Error().stack);
}

module.exports = { keepTime };
