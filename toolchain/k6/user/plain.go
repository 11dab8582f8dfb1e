package user

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"haproof/toolchain/k6/connections"
	"haproof/toolchain/k6/lines"
)

// exchanged is the last request of a visitor and what came of it.
type exchanged struct {
	started, ended time.Time
	moments        connections.Moments
	// status is 0 if no answer was read to its end.
	status  int
	header  http.Header
	text    string
	failure string
}

// exchange sends a request and reads the answer.
func (v *visitor) exchange(request composed) {
	v.last = exchanged{started: time.Now()}
	if err := v.transfer(request); err != nil {
		v.last.failure = nameOf(err)
	}
	v.last.ended = time.Now()
	v.counted()
}

func (v *visitor) transfer(request composed) error {
	if request.invalid {
		return errCharacter
	}
	to, err := parse(request.url)
	if err != nil {
		return err
	}
	sent := &http.Request{
		Method: request.method, URL: to, Header: request.sent(request.body != nil), Host: request.host,
	}
	if v.jar != nil {
		if cookies := v.jar.Cookies(to); len(cookies) > 0 {
			sent.Header = sent.Header.Clone()
			for _, one := range cookies {
				sent.AddCookie(one)
			}
		}
	}
	if request.body != nil {
		sent.Body = io.NopCloser(strings.NewReader(*request.body))
		sent.ContentLength = int64(len(*request.body))
	}
	deadline := v.last.started.Add(v.plan.Timeout)
	got, moments, err := v.client.Exchange(v.ctx, sent, deadline, request.keeps)
	v.last.moments = moments
	if err != nil {
		return err
	}
	v.last.status, v.last.header, v.last.text = got.StatusCode, got.Header, got.Text
	if cookies := got.Cookies(); len(cookies) > 0 {
		return v.remember(to, cookies)
	}
	return nil
}

func (v *visitor) remember(from *url.URL, cookies []*http.Cookie) error {
	if v.jar == nil {
		made, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		v.jar = made
	}
	v.jar.SetCookies(from, cookies)
	return nil
}

func (v *visitor) counted() {
	if v.last.status > 0 {
		v.tally.answers.Add(1)
	} else {
		v.tally.errors.Add(1)
	}
	if !v.last.moments.Began.IsZero() { // else it had no URL to be sent to
		v.tally.requests.Add(1)
	}
}

// write prints the last exchange as a line of `requests.ndjson`.
func (v *visitor) write(endpoint string, good bool) {
	last := v.last
	v.line = v.appendFact(v.line[:0], endpoint, good, fact{
		started: last.started,
		first:   ms(last.moments.First.Sub(last.started)),
		total:   ms(last.ended.Sub(last.started)),
		status:  last.status,
		sent:    !last.moments.Began.IsZero(),
		failure: last.failure, isFailure: last.failure != "",
		header: func(name string) (string, bool) {
			values := last.header[name]
			return strings.Join(values, ", "), len(values) > 0
		},
	})
	lines.Out.Print(v.line)
}

// nameOf names what went wrong as Node does.
func nameOf(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "ENOTFOUND"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return "ETIMEDOUT"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "ECONNREFUSED"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "ECONNRESET"
	case errors.Is(err, syscall.EPIPE):
		return "EPIPE"
	case isTLS(err):
		return "EPROTO"
	default:
		return err.Error()
	}
}

func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		header       tls.RecordHeaderError
		alert        *net.OpError
	)
	switch {
	case errors.As(err, &verification), errors.As(err, &header):
		return true
	case errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error"):
		return true
	default:
		return strings.HasPrefix(err.Error(), "tls: ")
	}
}
