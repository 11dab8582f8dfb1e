//go:build !linux

package moments

import (
	"context"
	"time"
)

// Sleeper sleeps by a timer of Go.
type Sleeper struct{}

// NewSleeper makes one; it is to be closed.
func NewSleeper() (*Sleeper, error) { return &Sleeper{}, nil }

// Close does nothing.
func (*Sleeper) Close() error { return nil }

// Until returns at that moment, or with an error once the context has ended.
func (*Sleeper) Until(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
