package connections

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"go.k6.io/k6/lib/netext"
)

// isAlive says whether the server has not closed a connection while nothing was asked.
func (c *connection) isAlive() bool {
	if c.reader.Buffered() > 0 {
		return false // nobody asked for it
	}
	switch pending(c.raw) {
	case nothing:
		return true
	case ended:
		return false
	default:
		// Of TLS it may be a ticket for the next session, or the word that it ends.
		return c.raw != c.net && c.readsNothing()
	}
}

// readsNothing says whether what came was for TLS itself.
func (c *connection) readsNothing() bool {
	_ = c.net.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.reader.Peek(1)
	_ = c.net.SetReadDeadline(time.Time{})
	return errors.Is(err, os.ErrDeadlineExceeded)
}

type waiting int

const (
	nothing waiting = iota
	something
	ended
)

// pending looks at what a connection has received, without waiting and without taking it.
func pending(connection net.Conn) waiting {
	if counted, ok := connection.(*netext.Conn); ok {
		connection = counted.Conn
	}
	socket, ok := connection.(syscall.Conn)
	if !ok {
		return nothing
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return ended
	}
	found := ended
	err = raw.Read(func(descriptor uintptr) bool {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(descriptor), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			found = nothing
		case err == nil && n > 0:
			found = something
		}
		return true
	})
	if err != nil {
		return ended
	}
	return found
}
