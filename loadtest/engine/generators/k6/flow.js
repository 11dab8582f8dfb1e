// What one virtual user does under k6 if the scenario is plain steps (`plain_flow.py`): k6's extension runs
// them (`toolchain/k6/user/visit.go`). Interpreting JavaScript costs several times what sending does.

import { visitsOf } from 'k6/x/haproof';

import { optionsOf, totals } from './options.js';

const plan = JSON.parse(open('./plan.json'));

export const options = optionsOf(plan);
export default visitsOf(plan.flow, plan.rows);
export const handleSummary = (data) => totals(plan, data);
