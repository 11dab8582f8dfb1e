// Package lines prints facts about the run, one a line, many of them in one write.
//
// Who reads them is woken once for all that was printed meanwhile, not once for each line.
package lines

import (
	"io"
	"os"
	"sync"
	"time"
)

// Delay is how long a line waits for others at most.
const Delay = 50 * time.Millisecond

// Out prints to standard output. k6 writes its log to the same *os.File, which lets one write end
// before the next begins: lines stay whole.
var Out = NewPrinter(os.Stdout, Delay)

// Printer collects lines and writes them after a delay.
type Printer struct {
	mutex   sync.Mutex
	to      io.Writer
	delay   time.Duration
	pending []byte
	spare   []byte
	failed  error
}

// NewPrinter returns a printer whose lines wait for `delay` at most.
func NewPrinter(to io.Writer, delay time.Duration) *Printer {
	return &Printer{to: to, delay: delay}
}

// Print adds a line, which may be reused after; the newline is added.
func (p *Printer) Print(line []byte) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.pending) == 0 {
		time.AfterFunc(p.delay, func() { _ = p.Flush() })
	}
	p.pending = append(append(p.pending, line...), '\n')
}

// Flush writes what has been printed so far. It returns the first error that a write had.
func (p *Printer) Flush() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.pending) == 0 || p.failed != nil {
		return p.failed
	}
	// Under the lock: the order of lines is that in which they were printed.
	_, p.failed = p.to.Write(p.pending)
	p.pending, p.spare = p.spare[:0], p.pending
	return p.failed
}
