package arrivals

import "errors"

var errNoHost = errors.New("the script calls nobody who is a visitor")

// host is the one user of k6 in which all visitors are: each is a goroutine, and needs no JavaScript.
type host struct {
	visit func(number uint64)
	// ready is closed once there is `visit`, empty once the last visitor has left.
	ready, empty chan struct{}
	// ended gets how the user's script has ended.
	ended chan error
}

func newHost() *host {
	return &host{ready: make(chan struct{}), empty: make(chan struct{}), ended: make(chan error, 1)}
}

// Host takes what a visitor does, and returns when the last of them has left. Only with `hosted`, and once.
func (r *Run) Host(visit func(number uint64)) {
	r.host.visit = visit
	close(r.host.ready)
	<-r.host.empty
}

// startHost starts the user of k6, and returns when its script has called `Host`.
func (r *Run) startHost() error {
	initialized, err := r.planned()
	if err != nil {
		return err
	}
	vu := r.activate(r.ctx, initialized, func() (uint64, uint64) { return 0, 0 })
	go func() { r.host.ended <- vu.RunOnce() }()
	select {
	case <-r.host.ready:
		return nil
	case err := <-r.host.ended:
		if err == nil {
			err = errNoHost
		}
		return err
	}
}

// stopHost lets the user of k6 end.
func (r *Run) stopHost() {
	if r.host == nil {
		return
	}
	close(r.host.empty)
	if err := <-r.host.ended; err != nil && r.ctx.Err() == nil {
		r.executor.GetLogger().Error(err.Error())
	}
}
