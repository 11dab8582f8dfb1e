package user

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"github.com/grafana/sobek"

	"go.k6.io/k6/js/common"
	"go.k6.io/k6/lib"

	"haproof/toolchain/k6/arrivals"
	"haproof/toolchain/k6/connections"
	"haproof/toolchain/k6/flow"
	"haproof/toolchain/k6/lines"
)

// visits is what all visitors by plain steps share.
type visits struct {
	plan  *flow.Plan
	own   *url.URL
	run   *arrivals.Run
	state *lib.State
	// fixed are the requests in which nothing changes but URL and body, by their step.
	fixed map[*flow.Send]*alike
	tally tally
}

// tally counts apart from the lines that are recorded, which are held against it. A visitor that the end of the
// run interrupts is not counted.
type tally struct{ visits, completed, failed, requests, answers, errors atomic.Int64 }

func newVisits(plan *flow.Plan, run *arrivals.Run, state *lib.State) (*visits, error) {
	own, err := url.Parse(plan.Target)
	if err != nil {
		return nil, err
	}
	made := &visits{plan: plan, own: own, run: run, state: state, fixed: map[*flow.Send]*alike{}}
	for step := range plan.Sends() {
		if isAlike(step) {
			made.fixed[step] = alikeOf(step, nil, state.Options.UserAgent.String)
		}
	}
	return made, nil
}

// visits(plan, rows, totals) is all visitors, by the plain steps of the first two files. Then it writes the third.
func (i *instance) visits(call sobek.FunctionCall) sobek.Value {
	if err := i.receive(
		call.Argument(0).String(), call.Argument(1).String(), call.Argument(2).String(),
	); err != nil {
		common.Throw(i.vu.Runtime(), err)
	}
	return sobek.Undefined()
}

func (i *instance) receive(planFile, rowsFile, totalsFile string) error {
	plan, err := flow.Read(planFile, rowsFile)
	if err != nil {
		return err
	}
	ctx, run := i.vu.Context(), arrivals.Of(i.vu.Context())
	all, err := newVisits(plan, run, i.vu.State())
	if err != nil {
		return err
	}
	run.Host(func(number uint64) { all.visit(ctx, number) })
	return all.tally.write(totalsFile, run.Planned())
}

// visit is one visitor, from its arrival until it leaves.
func (v *visits) visit(ctx context.Context, number uint64) {
	values, steps := v.plan.Visitor(number)
	one := &visitor{
		guest: newGuest(number, v.run.Due(number)), visits: v, ctx: ctx, values: values,
		client: connections.New(v.state.Dialer.DialContext, v.state.TLSConfig),
	}
	err := one.walk(steps)
	one.client.Close()
	switch {
	case ctx.Err() != nil: // k6 ends the run: what is not done yet did not happen
		return
	case err == nil:
		v.tally.completed.Add(1)
		lines.Out.Print([]byte("e 1"))
	default:
		if !errors.Is(err, errFailed) {
			first, _, _ := strings.Cut(err.Error(), "\n")
			lines.Out.Print([]byte("s " + first))
		}
		v.tally.failed.Add(1)
		lines.Out.Print([]byte("e 0"))
	}
	v.tally.visits.Add(1)
}

// write writes them with Artillery's names; `planned` is how many visitors there were to be.
func (t *tally) write(file string, planned int) error {
	visits := t.visits.Load()
	text, err := json.Marshal(map[string]map[string]int64{"counters": {
		"vusers.created":   visits,
		"vusers.completed": t.completed.Load(),
		"vusers.failed":    t.failed.Load(),
		"vusers.skipped":   int64(planned) - visits,
		"http.requests":    t.requests.Load(),
		"http.codes.all":   t.answers.Load(),
		"errors.all":       t.errors.Load(),
	}})
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
