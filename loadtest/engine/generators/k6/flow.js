// What k6 runs if the scenario is plain steps (`plain_flow.py`): its extension is all visitors
// (`toolchain/k6/user/visits.go`), and counts them. Interpreting JavaScript costs several times what sending does.

import { visits } from 'k6/x/haproof';

import { optionsOf } from './options.js';

const plan = JSON.parse(open('./plan.json'));

export const options = optionsOf(plan);
export default () => visits(plan.flow, plan.rows, plan.totals);
