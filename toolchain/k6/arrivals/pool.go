package arrivals

import "sync"

// pool brings arrivals and k6's users together.
//
// Who became free last is the next: a few users that work all the time are in the processor's caches,
// and the others cost nothing but their memory.
type pool struct {
	mutex sync.Mutex
	// idle are those who wait for an arrival, waiting the arrivals that wait for one of them, in order.
	idle    []chan uint64
	waiting []uint64
	made    int64
	closed  bool
}

// arrive gives the arrival to somebody who is free; else it waits, or is not taken. It returns how
// many are free now; below 0, how many arrivals wait.
func (p *pool) arrive(number uint64, waits bool) (free int64, taken bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		p.idle[last] <- number // one that is idle has room for it
		p.idle = p.idle[:last]
		return p.count(), true
	}
	if waits {
		p.waiting = append(p.waiting, number)
	}
	return p.count(), waits
}

// wait offers a user for the next arrival, which comes through the channel; it has room for one.
func (p *pool) wait(turn chan uint64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch {
	case len(p.waiting) > 0:
		turn <- p.waiting[0]
		p.waiting = p.waiting[1:]
	case p.closed:
		close(turn)
	default:
		p.idle = append(p.idle, turn)
	}
}

// close sends those home who wait; the others go when they have done what waits.
func (p *pool) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
	for _, turn := range p.idle {
		close(turn)
	}
	p.idle = nil
}

func (p *pool) free() int64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.count()
}

func (p *pool) count() int64 { return int64(len(p.idle) - len(p.waiting)) }

// grow takes note that another user is made, unless there are `most` already.
func (p *pool) grow(most int64) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.made >= most || (p.closed && len(p.waiting) == 0) {
		return false
	}
	p.made++
	return true
}
