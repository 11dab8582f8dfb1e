// Package moments sleeps until one of a schedule.
//
// A timer of Go's own wakes three times: the one thread that waits for connections, for whole milliseconds and
// then for the rest of one, and the thread that watches over the others. A timer of the kernel is one more
// connection to wait for. On a virtual machine each waking costs about as much as sending a request.
package moments
