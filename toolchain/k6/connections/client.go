// Package connections sends requests over HTTP/1.1 in the goroutine of who asks.
//
// net/http's Transport keeps two goroutines for each connection and hands every request and answer over
// between them. A visitor has a connection of its own, and waits for one answer after the other: the
// handing over, and waking threads for it, is a good part of what a request costs. Requests are written and
// answers read by net/http itself.
package connections

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// Dialer opens a connection.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Client is one visitor's connections, at most one to each host. Only one request at a time.
//
// It sends no request twice. net/http does so with one that has no body if its connection, which was used
// before, breaks; with Artillery, that is an error of the request, and the server may have counted it.
type Client struct {
	dial Dialer
	tls  *tls.Config
	open map[target]*connection
}

type target struct{ scheme, host string }

// Answer is one that was read to its end.
type Answer struct {
	*http.Response
	// Text is the body; empty unless it was to be kept.
	Text string
}

// Moments are when a request began, and the first byte of its answer came; zero for what did not happen.
type Moments struct{ Began, First time.Time }

// New returns a client that opens connections by `dial`, those of https with what `config` says.
func New(dial Dialer, config *tls.Config) *Client {
	return &Client{dial: dial, tls: config, open: map[target]*connection{}}
}

// Close closes the visitor's connections.
func (c *Client) Close() {
	for to, one := range c.open {
		one.close()
		delete(c.open, to)
	}
}

// Exchange sends a request and reads its answer, both until the deadline; `keep` says whether the body
// is to be kept.
func (c *Client) Exchange(
	ctx context.Context, request *http.Request, deadline time.Time, keep bool,
) (Answer, Moments, error) {
	moments := Moments{Began: time.Now()}
	to := target{request.URL.Scheme, request.URL.Host}
	one, err := c.connected(ctx, to, deadline)
	if err != nil {
		return Answer{}, moments, err
	}
	answer, err := one.exchange(request, deadline, keep, &moments)
	if err != nil || answer.Close || request.Close {
		one.close()
		delete(c.open, to)
	}
	return answer, moments, err
}

func (c *Client) connected(ctx context.Context, to target, deadline time.Time) (*connection, error) {
	if one := c.open[to]; one != nil {
		if one.isAlive() {
			return one, nil
		}
		one.close()
		delete(c.open, to)
	}
	one, err := c.connect(ctx, to, deadline)
	if err != nil {
		return nil, err
	}
	c.open[to] = one
	// The end of the run interrupts whatever waits.
	one.release = context.AfterFunc(ctx, func() { _ = one.net.Close() })
	return one, nil
}

func (c *Client) connect(ctx context.Context, to target, deadline time.Time) (*connection, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	address, name := withPort(to)
	raw, err := c.dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	one := &connection{net: raw, raw: raw}
	if to.scheme == "https" {
		config := c.tls.Clone()
		config.ServerName, config.NextProtos = name, []string{"http/1.1"}
		secure := tls.Client(raw, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		one.net = secure
	}
	one.reader = readers.Get().(*bufio.Reader) //nolint:forcetypeassert // see there
	one.reader.Reset(one.net)
	return one, nil
}

func withPort(to target) (address, name string) {
	host, port, err := net.SplitHostPort(to.host)
	if err != nil {
		host, port = to.host, ""
	}
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	if port == "" && to.scheme == "https" {
		port = "443"
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(host, port), host
}

// Buffers outlive connections: there is one for each visitor.
var (
	readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}
)

// connection is one that was opened.
type connection struct {
	net net.Conn
	// raw is what is below TLS; without it, the same.
	raw     net.Conn
	reader  *bufio.Reader
	release func() bool
}

func (c *connection) close() {
	c.release()
	_ = c.net.Close()
	c.reader.Reset(nil)
	readers.Put(c.reader)
}

func (c *connection) exchange(
	request *http.Request, deadline time.Time, keep bool, moments *Moments,
) (Answer, error) {
	if err := c.net.SetDeadline(deadline); err != nil {
		return Answer{}, err
	}
	if err := c.send(request); err != nil {
		return Answer{}, err
	}
	if _, err := c.reader.Peek(1); err != nil {
		return Answer{}, err
	}
	moments.First = time.Now()
	for {
		read, err := http.ReadResponse(c.reader, request)
		if err != nil {
			return Answer{}, err
		}
		// 100, 102 and 103 are followed by the answer.
		if read.StatusCode/100 == 1 && read.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		text, err := readBody(read, keep)
		return Answer{read, text}, err
	}
}

// send writes a request at once: the head and what follows are one packet if that is enough.
func (c *connection) send(request *http.Request) error {
	writer := writers.Get().(*bufio.Writer) //nolint:forcetypeassert // see there
	defer writers.Put(writer)
	writer.Reset(c.net)
	if err := request.Write(writer); err != nil {
		return err
	}
	return writer.Flush()
}
