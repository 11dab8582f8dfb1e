package user

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/cookiejar"
	"slices"
	"time"

	"haproof/toolchain/k6/connections"
	"haproof/toolchain/k6/flow"
)

const mostRedirects = 10 // as in got, Artillery's HTTP client

// errFailed ends a visitor whose request was not answered as the scenario expects; it is recorded.
var errFailed = errors.New("not as expected")

// visitor does what `user.js` does for other scenarios.
type visitor struct {
	guest
	*visits
	ctx    context.Context //nolint:containedctx // of this visit
	client *connections.Client
	jar    *cookiejar.Jar
	values flow.Values
	line   []byte
	last   exchanged
}

func (v *visitor) walk(steps []flow.Step) error {
	for _, step := range steps {
		if err := v.do(step); err != nil {
			return err
		}
		if err := v.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (v *visitor) do(step flow.Step) error {
	switch one := step.(type) {
	case *flow.Send:
		return v.request(one)
	case *flow.Wait:
		return v.wait(one)
	case *flow.Repeat:
		return v.repeat(one)
	default:
		return fmt.Errorf("no such step: %T", step)
	}
}

func (v *visitor) wait(step *flow.Wait) error {
	seconds := step.Low
	if step.High > step.Low {
		seconds += float64(rand.IntN(int(step.High-step.Low) + 1)) //nolint:gosec // no secret
	}
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-v.ctx.Done():
		return v.ctx.Err()
	}
}

func (v *visitor) repeat(step *flow.Repeat) error {
	rounds := step.Rounds
	if step.Over {
		rounds = len(step.Values)
	} else {
		v.values[step.Element] = float64(step.First)
	}
	v.values[step.Counter] = float64(step.First)
	for round := range rounds {
		if step.Over {
			v.values[step.Element] = step.Values[round].Of(v.values)
		}
		if err := v.walk(step.Steps); err != nil {
			return err
		}
		v.values[step.Counter] = float64(step.First + round + 1)
	}
	return nil
}

// --- a request, along its redirects ---

func (v *visitor) request(step *flow.Send) error {
	if rand.Float64() >= step.Chance { //nolint:gosec // no secret
		return nil
	}
	next := v.composed(step)
	for hops := 0; ; hops++ {
		if err := v.allow(next.url); err != nil {
			return err
		}
		v.exchange(next)
		if v.ctx.Err() != nil {
			return v.ctx.Err()
		}
		to := ""
		if isRedirect(v.last.status) && step.Follows {
			to = v.last.header.Get("Location")
		}
		if to == "" {
			return v.conclude(step)
		}
		if hops == mostRedirects {
			v.last.failure = "ERR_TOO_MANY_REDIRECTS"
			v.tally.errors.Add(1) // it was counted as an answer
			return v.conclude(step)
		}
		v.write(step.Endpoint, true)
		next = next.redirected(v.last.status, to)
	}
}

// conclude takes the last answer: is it what the scenario expects?
func (v *visitor) conclude(step *flow.Send) error {
	good := v.last.failure == "" && expects(step, v.last.status)
	if v.last.status != 0 && !v.captureAndMatch(step) {
		good = false
	}
	v.write(step.Endpoint, good)
	if !good {
		return errFailed
	}
	return nil
}

func expects(step *flow.Send, status int) bool {
	if len(step.Expect) > 0 {
		return slices.Contains(step.Expect, status)
	}
	return status >= 200 && status < 400
}

// captureAndMatch returns whether nothing failed; only then are there the captured values.
func (v *visitor) captureAndMatch(step *flow.Send) bool {
	found := make([]any, len(step.Captures))
	for index, one := range step.Captures {
		found[index] = one.In(v.last.header, v.last.text)
		if found[index] == "" || found[index] == (flow.Undefined{}) {
			return false
		}
	}
	for _, one := range step.Matches {
		if !flow.Same(one.In(v.last.header, v.last.text), one.Value.Of(v.values)) {
			return false
		}
	}
	for index, one := range step.Captures {
		v.values[one.Place] = found[index]
	}
	return true
}
