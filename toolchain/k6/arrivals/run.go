package arrivals

import (
	"context"
	"runtime"
	"sync"
	"time"

	"go.k6.io/k6/lib"

	"haproof/toolchain/k6/moments"
)

type runKey struct{}

// Run is the one that is going on.
type Run struct {
	executor *Executor
	began    time.Time
	ctx      context.Context
	needed   chan struct{}
	// arrived are those who have not left yet.
	arrived sync.WaitGroup
	// users are those who are one visitor after the other, makers those who make more of them.
	users, makers sync.WaitGroup
	pool          pool
	// host is nil if each of them is one of k6's.
	host *host
}

func newRun(ctx context.Context, e *Executor, began time.Time) *Run {
	made := &Run{executor: e, began: began, needed: make(chan struct{}, runtime.GOMAXPROCS(0))}
	made.ctx = context.WithValue(ctx, runKey{}, made)
	if e.config.Hosted.Bool {
		made.host = newHost()
	}
	return made
}

// Of returns the run that a user's context belongs to; nil outside of one, such as in `setup`.
func Of(ctx context.Context) *Run {
	run, _ := ctx.Value(runKey{}).(*Run)
	return run
}

// Due returns the moment that an arrival, counted from 0, was planned for.
func (r *Run) Due(number uint64) time.Time {
	return r.began.Add(time.Duration(r.executor.schedule[number] * float64(time.Second)))
}

// Planned returns how many arrivals there are to be.
func (r *Run) Planned() int { return len(r.executor.schedule) }

// prepare makes the users that are there from the start.
func (r *Run) prepare() error {
	if r.host != nil {
		if err := r.startHost(); err != nil {
			return err
		}
	}
	for range r.executor.config.Ready.Int64 {
		r.pool.grow(r.executor.config.MaxVUs.Int64)
		if err := r.hire(r.planned); err != nil {
			return err
		}
	}
	for range cap(r.needed) {
		r.makers.Go(r.makeUsers)
	}
	return nil
}

// start lets everybody arrive at their moment; returns how many found nobody free and were left out.
func (r *Run) start(sleeper *moments.Sleeper) (skipped int) {
	defer r.pool.close()
	for number := range r.executor.schedule {
		at := uint64(number) //nolint:gosec // an index
		if err := sleeper.Until(r.ctx, r.Due(at)); err != nil {
			if r.ctx.Err() == nil {
				r.executor.GetLogger().WithError(err).Error("cannot wait for the next arrival")
			}
			return skipped
		}
		r.arrived.Add(1)
		free, taken := r.pool.arrive(at, !r.executor.config.Skips.Bool)
		if !taken {
			r.arrived.Done()
			skipped++
		}
		if free < r.executor.config.Ready.Int64 {
			r.ask()
		}
	}
	return skipped
}

// ask wakes those who make users; who is awake looks by himself.
func (r *Run) ask() {
	select {
	case r.needed <- struct{}{}:
	default:
	}
}

// makeUsers makes users whenever too few are free, before anybody has to wait for them.
func (r *Run) makeUsers() {
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-r.needed:
		}
		for r.pool.free() < r.executor.config.Ready.Int64 {
			if !r.pool.grow(r.executor.config.MaxVUs.Int64) {
				break
			}
			if err := r.hire(r.unplanned); err != nil {
				if r.ctx.Err() == nil {
					r.executor.GetLogger().WithError(err).Error("cannot make another user")
				}
				return
			}
		}
	}
}

// hire makes a user: with a host a goroutine, else one of k6's.
func (r *Run) hire(one func() (lib.InitializedVU, error)) error {
	if r.host != nil {
		r.users.Add(1)
		go func() {
			defer r.users.Done()
			r.work(r.host.visit)
		}()
		return nil
	}
	initialized, err := one()
	if err != nil {
		return err
	}
	r.employ(initialized)
	return nil
}

// work is one visitor after the other.
func (r *Run) work(visit func(number uint64)) {
	turn := make(chan uint64, 1)
	r.pool.wait(turn)
	for number := range turn {
		visit(number)
		r.arrived.Done()
		r.pool.wait(turn)
	}
}
