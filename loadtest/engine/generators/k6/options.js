// What k6 is told about a run, and what it says after it, whoever walks through the scenario.

export const optionsOf = (plan) => ({
  scenarios: {
    users: {
      executor: 'planned-arrivals',
      schedule: plan.schedule,
      ready: plan.ready,
      maxVUs: plan.most_users,
      skips: plan.most_at_once !== null,
      hosted: plan.flow !== undefined,
      maxDuration: `${plan.longest_s}s`,
      gracefulStop: '0s'
    }
  },
  noVUConnectionReuse: true,
  noCookiesReset: false,
  insecureSkipTLSVerify: plan.tls.rejectUnauthorized === false,
  systemTags: [],
  summaryTrendStats: [],
  setupTimeout: '120s',
  teardownTimeout: '120s'
});

export function totals(plan, data) {
  const count = (name) => data.metrics[name]?.values.count ?? 0;
  const counters = {
    'vusers.created': count('iterations'),
    'vusers.completed': count('haproof_completed'),
    'vusers.failed': count('haproof_failed'),
    'vusers.skipped': plan.arrivals - count('iterations'),
    'http.requests': count('http_reqs') - count('haproof_around'),
    'http.codes.all': count('haproof_responses'),
    'errors.all': count('haproof_errors')
  };
  return { 'totals.json': JSON.stringify({ counters }) };
}
