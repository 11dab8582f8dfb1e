package moments

import (
	"context"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sleeper sleeps by a timer of the kernel, for one goroutine at a time.
type Sleeper struct {
	file *os.File
	conn syscall.RawConn
}

// NewSleeper makes one; it is to be closed.
func NewSleeper() (*Sleeper, error) {
	descriptor, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	file := os.NewFile(uintptr(descriptor), "timer") //nolint:gosec // the kernel's are not negative
	conn, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &Sleeper{file, conn}, nil
}

// Close returns the timer to the kernel.
func (s *Sleeper) Close() error { return s.file.Close() }

// Until returns at that moment, or with an error once the context has ended.
func (s *Sleeper) Until(ctx context.Context, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if time.Until(at) <= 0 {
		return nil
	}
	release := context.AfterFunc(ctx, func() { _ = s.file.SetReadDeadline(time.Unix(1, 0)) })
	defer release()
	for ctx.Err() == nil {
		left := time.Until(at)
		if left <= 0 {
			return nil
		}
		if err := s.pass(left); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return ctx.Err()
}

// pass waits until the kernel's timer says that so much time has passed, or perhaps for less.
func (s *Sleeper) pass(time time.Duration) error {
	var failed error
	isSet := false
	err := s.conn.Read(func(descriptor uintptr) bool {
		if isSet {
			return true // it need not be read: setting it again takes back what it has said
		}
		isSet = true
		once := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(time))}
		failed = unix.TimerfdSettime(int(descriptor), 0, &once, nil) //nolint:gosec // as above
		return failed != nil
	})
	if failed != nil {
		return os.NewSyscallError("timerfd_settime", failed)
	}
	return err
}
