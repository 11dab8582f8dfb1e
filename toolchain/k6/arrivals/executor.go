package arrivals

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"go.k6.io/k6/metrics"

	"haproof/toolchain/k6/lines"
	"haproof/toolchain/k6/moments"
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
		return fmt.Errorf("the schedule %s is not a list of seconds: %w", e.config.Schedule.String, err)
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
	sleeper, err := moments.NewSleeper()
	if err != nil {
		return err
	}
	defer func() { _ = sleeper.Close() }()
	run := newRun(ctx, e, began)
	if err := run.prepare(); err != nil {
		return err
	}
	lines.Out.Print(strconv.AppendFloat([]byte("began "), millis(began), 'f', 3, 64))
	skipped := run.start(sleeper)
	run.arrived.Wait()
	run.stopHost()
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
