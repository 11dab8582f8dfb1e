// Package arrivals is an executor of k6: every user starts at a moment that was planned before.
//
// k6's own executors with an open model have rates of their own, and drop an arrival for which no
// virtual user is free. This one starts exactly the planned arrivals. It keeps `ready` users free: as soon
// as fewer are, it makes more, up to `maxVUs`. An arrival that still finds nobody free waits for the
// first who is, and is late; with `skips` it is left out (the closed model).
package arrivals

import (
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	"gopkg.in/guregu/null.v3"

	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"go.k6.io/k6/lib/types"
)

// Type is what a scenario of k6 calls this executor.
const Type = "planned-arrivals"

func init() {
	lib.RegisterExecutorConfigType(Type, func(name string, raw []byte) (lib.ExecutorConfig, error) {
		config := Config{BaseConfig: executor.NewBaseConfig(name, Type)}
		err := lib.StrictJSONUnmarshal(raw, &config)
		return config, err
	})
}

// Config is a scenario with this executor, as the script's options have it.
type Config struct {
	executor.BaseConfig
	// Schedule is the path of a JSON file: when users arrive, in seconds, in ascending order.
	Schedule null.String `json:"schedule"`
	// Ready is how many users are kept free.
	Ready null.Int `json:"ready"`
	// MaxVUs is how many there are at most.
	MaxVUs null.Int `json:"maxVUs"`
	// Skips says whether an arrival for whom nobody is free is left out instead of waiting.
	Skips null.Bool `json:"skips"`
	// Hosted says that one of k6's users is all visitors, without JavaScript for each (`Run.Host`).
	Hosted null.Bool `json:"hosted"`
	// MaxDuration is when those who are still there are interrupted, from the first moment on.
	MaxDuration types.NullDuration `json:"maxDuration"`
}

var _ lib.ExecutorConfig = Config{}

// Validate returns what is missing or contradicts itself.
func (c Config) Validate() []error {
	found := c.BaseConfig.Validate()
	if c.Schedule.String == "" {
		found = append(found, errors.New("the file with the schedule isn't specified"))
	}
	if c.Ready.Int64 < 1 {
		found = append(found, fmt.Errorf("ready must be at least 1, but is %d", c.Ready.Int64))
	}
	if c.MaxVUs.Int64 < c.Ready.Int64 {
		found = append(found, fmt.Errorf(
			"maxVUs (%d) can't be less than ready (%d)", c.MaxVUs.Int64, c.Ready.Int64,
		))
	}
	if c.MaxDuration.TimeDuration() < time.Second {
		found = append(found, fmt.Errorf("the maxDuration must be at least 1s, but is %s", c.MaxDuration))
	}
	return found
}

// IsDistributable says that k6 cannot split it: a schedule is one.
func (c Config) IsDistributable() bool { return false }

// HasWork says that there is always something to do.
func (c Config) HasWork(*lib.ExecutionTuple) bool { return true }

// GetDescription describes it for k6's own display.
func (c Config) GetDescription(*lib.ExecutionTuple) string {
	return fmt.Sprintf("planned arrivals, %d-%d VUs", c.Ready.Int64, c.MaxVUs.Int64)
}

// GetExecutionRequirements tells k6 how many users it has to make before the start, and at most.
func (c Config) GetExecutionRequirements(*lib.ExecutionTuple) []lib.ExecutionStep {
	planned, most := uint64(c.Ready.Int64), uint64(c.MaxVUs.Int64) //nolint:gosec // Validate
	if c.Hosted.Bool {
		planned, most = 1, 1
	}
	return []lib.ExecutionStep{
		{TimeOffset: 0, PlannedVUs: planned, MaxUnplannedVUs: most - planned},
		{TimeOffset: c.MaxDuration.TimeDuration() + c.GracefulStop.TimeDuration()},
	}
}

// NewExecutor makes the executor.
func (c Config) NewExecutor(es *lib.ExecutionState, logger *logrus.Entry) (lib.Executor, error) {
	return &Executor{
		BaseExecutor: executor.NewBaseExecutor(c, es, logger),
		config:       c,
		state:        es,
	}, nil
}
