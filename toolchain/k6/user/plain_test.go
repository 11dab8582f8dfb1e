package user

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"
)

func TestFailuresHaveNodesNames(t *testing.T) {
	wrapped := func(op string, code syscall.Errno) error {
		return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, code)}
	}
	for name, found := range map[string][]error{
		"ECONNREFUSED": {wrapped("connect", syscall.ECONNREFUSED)},
		"ECONNRESET":   {wrapped("read", syscall.ECONNRESET), io.EOF, fmt.Errorf("x: %w", io.ErrUnexpectedEOF)},
		"EPIPE":        {wrapped("write", syscall.EPIPE)},
		"ETIMEDOUT": {
			os.ErrDeadlineExceeded, wrapped("connect", syscall.ETIMEDOUT),
			&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded},
		},
		"ENOTFOUND": {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}},
		"EPROTO": {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, tls.RecordHeaderError{},
			&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}},
		"odd": {errors.New("odd")},
	} {
		for _, one := range found {
			if nameOf(one) != name {
				t.Errorf("%v: %s, not %s", one, nameOf(one), name)
			}
		}
	}
}

func TestWhereARedirectLeads(t *testing.T) {
	base := "http://127.0.0.1:8080/a/b?c=d"
	for to, wanted := range map[string]string{
		"/x": "http://127.0.0.1:8080/x", "x": "http://127.0.0.1:8080/a/x", "?y": "http://127.0.0.1:8080/a/b?y",
		"//other:81/x": "http://other:81/x", "https://o.example/p": "https://o.example/p",
	} {
		if found := resolve(base, to); found != wanted {
			t.Errorf("%s: %s, not %s", to, found, wanted)
		}
	}
}

func TestOnly303MakesAGet(t *testing.T) {
	body := "x"
	first := composed{
		&alike{
			method:  http.MethodPost,
			headers: headers{header: http.Header{"Content-Type": {"a"}, "X-Own": {"b"}}},
		},
		"http://h/a", &body,
	}
	for _, status := range []int{301, 302, 307, 308} {
		next := first.redirected(status, "/b")
		if next.method != http.MethodPost || *next.body != "x" || next.url != "http://h/b" {
			t.Fatalf("%d: %+v", status, next)
		}
	}
	head := composed{&alike{method: http.MethodHead}, "http://h/a", nil}
	if next := head.redirected(303, "/b"); next.method != http.MethodHead {
		t.Fatalf("%+v", next)
	}
	next := first.redirected(303, "/b")
	if next.method != http.MethodGet || next.body != nil || len(next.header) != 1 || len(first.header) != 2 {
		t.Fatalf("%+v", next)
	}
}

func TestTheStacksOwnHost(t *testing.T) {
	for _, one := range []struct {
		given, target string
		same          bool
	}{
		{"http://h:81/x", "http://h:81", true}, {"http://h:81/x", "http://h:82", false},
		{"https://h/x", "http://h", true}, {"http://H/x", "http://h", true},
		{"http://other/x", "http://h", false}, {"http://[::1]:81/", "http://[::1]:81/base", true},
		{"http://h.evil/", "http://h", false},
	} {
		own, err := url.Parse(one.target)
		if err != nil {
			t.Fatal(err)
		}
		if sameHost(one.given, own) != one.same {
			t.Error(one)
		}
	}
}
