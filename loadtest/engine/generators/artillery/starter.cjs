// Whether whoever started this process is gone: then it ends, too.

// Returns what tells it from now on. `HAPROOF_STARTER` names the starter; another program may stand between, which the
// user put before the command (`/usr/bin/time`), or there is none to see: a PID namespace hides it.
function watchStarter() {
  const parent = process.ppid;
  const starter = Number(process.env.HAPROOF_STARTER) || parent;
  const between = parent !== starter && parent !== 0;
  return () => process.ppid !== parent || (between && !exists(starter));
}

function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

module.exports = { watchStarter };
