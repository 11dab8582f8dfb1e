package arrivals

import (
	"context"

	"go.k6.io/k6/lib"
)

// planned takes one of the users that k6 has made before the start.
func (r *Run) planned() (lib.InitializedVU, error) {
	return r.executor.state.GetPlannedVU(r.executor.GetLogger(), true)
}

// unplanned lets k6 make another.
func (r *Run) unplanned() (lib.InitializedVU, error) {
	made, err := r.executor.state.GetUnplannedVU(r.ctx, r.executor.GetLogger())
	if err == nil {
		r.executor.state.ModCurrentlyActiveVUsCount(+1)
	}
	return made, err
}

// employ lets a user of k6 be one visitor after the other.
func (r *Run) employ(initialized lib.InitializedVU) {
	ctx, cancel := context.WithCancel(r.ctx)
	var number uint64
	vu := r.activate(ctx, initialized, func() (uint64, uint64) { return number, number })
	go func() {
		defer cancel()
		r.work(func(next uint64) {
			number = next
			r.live(vu)
		})
	}()
}

func (r *Run) activate(
	ctx context.Context, initialized lib.InitializedVU, counters func() (uint64, uint64),
) lib.ActiveVU {
	config := r.executor.config
	r.users.Add(1)
	return initialized.Activate(&lib.VUActivationParams{
		RunContext: ctx,
		Scenario:   config.Name,
		Exec:       config.GetExec(),
		Env:        config.GetEnv(),
		Tags:       config.GetTags(),
		DeactivateCallback: func(vu lib.InitializedVU) {
			r.executor.state.ReturnVU(vu, true)
			r.users.Done()
		},
		GetNextIterationCounters: counters,
	})
}

func (r *Run) live(vu lib.ActiveVU) {
	err := vu.RunOnce()
	if r.ctx.Err() != nil {
		r.executor.state.AddInterruptedIterations(1)
		return
	}
	if err != nil {
		r.executor.GetLogger().Error(err.Error())
	}
	r.executor.state.AddFullIterations(1)
}
