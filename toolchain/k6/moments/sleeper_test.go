package moments

import (
	"context"
	"errors"
	"testing"
	"time"
)

func sleeper(t *testing.T) *Sleeper {
	t.Helper()
	made, err := NewSleeper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.Close() })
	return made
}

func TestItSleepsUntilEachMoment(t *testing.T) {
	one := sleeper(t)
	began := time.Now()
	for number := range 20 {
		at := began.Add(time.Duration(number) * 1700 * time.Microsecond)
		if err := one.Until(t.Context(), at); err != nil || time.Now().Before(at) {
			t.Fatal(err, time.Until(at))
		}
	}
}

func TestAMomentThatHasPassedIsNotWaitedFor(t *testing.T) {
	if err := sleeper(t).Until(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func TestTheEndOfTheRunWakes(t *testing.T) {
	one := sleeper(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := one.Until(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := one.Until(ctx, time.Now().Add(-time.Hour)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
