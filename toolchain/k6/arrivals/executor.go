package arrivals

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"go.k6.io/k6/metrics"

	"haproof/toolchain/k6/lines"
)

// headStart is how long after the last user is ready the first moment of the schedule is.
const headStart = 100 * time.Millisecond

// Executor starts the planned arrivals of one scenario.
type Executor struct {
	*executor.BaseExecutor
	config   Config
	state    *lib.ExecutionState
	schedule []float64
}

var _ lib.Executor = &Executor{}

// Init reads the schedule.
func (e *Executor) Init(context.Context) error {
	text, err := os.ReadFile(e.config.Schedule.String)
	if err != nil {
		return fmt.Errorf("cannot read the schedule: %w", err)
	}
	if err := json.Unmarshal(text, &e.schedule); err != nil {
		return fmt.Errorf("the schedule %s is no list of seconds: %w", e.config.Schedule.String, err)
	}
	return nil
}

// Run starts everybody at their moment, and returns once the last of them has left.
func (e *Executor) Run(parent context.Context, out chan<- metrics.SampleContainer) error {
	defer func() { _ = lines.Out.Flush() }()
	began := time.Now().Add(headStart)
	ctx, cancel := context.WithDeadline(parent, began.Add(e.config.MaxDuration.TimeDuration()))
	defer cancel()
	ctx = lib.WithScenarioState(ctx, &lib.ScenarioState{
		Name:       e.config.Name,
		Executor:   e.config.Type,
		StartTime:  began,
		ProgressFn: func() (float64, []string) { return 0, nil },
	})
	run := newRun(e, began)
	run.ctx = context.WithValue(ctx, runKey{}, run)
	if err := run.prepare(); err != nil {
		return err
	}
	lines.Out.Print(strconv.AppendFloat([]byte("began "), millis(began), 'f', 3, 64))
	skipped := run.start()
	run.arrived.Wait()
	cancel()
	run.makers.Wait()
	run.users.Wait()
	if skipped > 0 {
		metrics.PushIfNotDone(parent, out, metrics.Sample{
			TimeSeries: metrics.TimeSeries{
				Metric: e.state.Test.BuiltinMetrics.DroppedIterations,
				Tags:   e.state.Test.RunTags,
			},
			Time:  time.Now(),
			Value: float64(skipped),
		})
	}
	return nil
}

func millis(at time.Time) float64 { return float64(at.UnixNano()) / 1e6 }

type runKey struct{}

// Run is the one that is going on.
type Run struct {
	executor *Executor
	began    time.Time
	ctx      context.Context
	needed   chan struct{}
	// arrived are those who have not left yet.
	arrived sync.WaitGroup
	// users are those of k6, makers those who make more of them.
	users, makers sync.WaitGroup
	pool          pool
}

func newRun(e *Executor, began time.Time) *Run {
	return &Run{executor: e, began: began, needed: make(chan struct{}, runtime.GOMAXPROCS(0))}
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

// prepare takes the users that k6 has made before the start.
func (r *Run) prepare() error {
	for range r.executor.config.Ready.Int64 {
		vu, err := r.executor.state.GetPlannedVU(r.executor.GetLogger(), true)
		if err != nil {
			return err
		}
		r.pool.grow(r.executor.config.MaxVUs.Int64)
		r.employ(vu)
	}
	for range cap(r.needed) {
		r.makers.Go(r.makeUsers)
	}
	return nil
}

// start lets everybody arrive at their moment; returns how many found nobody free and were left out.
func (r *Run) start() (skipped int) {
	defer r.pool.close()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for number := range r.executor.schedule {
		at := uint64(number) //nolint:gosec // an index
		timer.Reset(time.Until(r.Due(at)))
		select {
		case <-r.ctx.Done():
			return skipped
		case <-timer.C:
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
			vu, err := r.executor.state.GetUnplannedVU(r.ctx, r.executor.GetLogger())
			if err != nil {
				if r.ctx.Err() == nil {
					r.executor.GetLogger().WithError(err).Error("cannot make another user")
				}
				return
			}
			r.executor.state.ModCurrentlyActiveVUsCount(+1)
			r.employ(vu)
		}
	}
}

// employ lets a user of k6 be one visitor after the other.
func (r *Run) employ(initialized lib.InitializedVU) {
	ctx, cancel := context.WithCancel(r.ctx)
	var number uint64
	config := r.executor.config
	vu := initialized.Activate(&lib.VUActivationParams{
		RunContext: ctx,
		Scenario:   config.Name,
		Exec:       config.GetExec(),
		Env:        config.GetEnv(),
		Tags:       config.GetTags(),
		DeactivateCallback: func(vu lib.InitializedVU) {
			r.executor.state.ReturnVU(vu, true)
			r.users.Done()
		},
		GetNextIterationCounters: func() (uint64, uint64) { return number, number },
	})
	r.users.Add(1)
	go func() {
		defer cancel()
		turn := make(chan uint64, 1)
		r.pool.wait(turn)
		for number = range turn {
			r.live(vu)
			r.arrived.Done()
			r.pool.wait(turn)
		}
	}()
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
