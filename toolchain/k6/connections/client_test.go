package connections

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// server counts the connections that were opened to it.
type server struct {
	*httptest.Server
	opened atomic.Int32
}

func serve(t *testing.T, secure bool, handle http.HandlerFunc) (*server, *Client) {
	t.Helper()
	made := &server{}
	made.Server = httptest.NewUnstartedServer(handle)
	made.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.opened.Add(1)
		}
	}
	if secure {
		made.StartTLS()
	} else {
		made.Start()
	}
	t.Cleanup(made.Close)
	client := New((&net.Dialer{}).DialContext, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test
	t.Cleanup(client.Close)
	return made, client
}

func (s *server) ask(t *testing.T, client *Client, keep bool) (Answer, Moments, error) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client.Exchange(t.Context(), request, time.Now().Add(10*time.Second), keep)
}

func (s *server) answer(t *testing.T, client *Client) (Answer, Moments) {
	t.Helper()
	answer, moments, err := s.ask(t, client, true)
	if err != nil {
		t.Fatal(err)
	}
	return answer, moments
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestAVisitorKeepsItsConnection(t *testing.T) {
	for _, secure := range []bool{false, true} {
		server, client := serve(t, secure, hello)
		server.answer(t, client)
		answer, times := server.answer(t, client)
		if answer.Text != "hello" || answer.StatusCode != http.StatusOK || server.opened.Load() != 1 {
			t.Fatal(answer.Text, answer.StatusCode, server.opened.Load())
		}
		if times.Began.IsZero() || times.First.Before(times.Began) {
			t.Fatalf("%+v", times)
		}
	}
}

func TestAnotherConnectionIsOpenedAfterTheServerClosedOne(t *testing.T) {
	for _, secure := range []bool{false, true} {
		server, client := serve(t, secure, hello)
		server.answer(t, client)
		server.CloseClientConnections()
		eventually(t, func() bool { return !client.open[only(client)].isAlive() })
		if answer, _ := server.answer(t, client); answer.Text != "hello" || server.opened.Load() != 2 {
			t.Fatal(answer.Text, server.opened.Load())
		}
	}
}

func only(client *Client) target {
	for one := range client.open {
		return one
	}
	return target{}
}

func eventually(t *testing.T, isSo func() bool) {
	t.Helper()
	for range 1000 {
		if isSo() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never was")
}

func TestAServerThatSaysSoGetsNoSecondRequestOnAConnection(t *testing.T) {
	server, client := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		hello(w, r)
	})
	server.answer(t, client)
	server.answer(t, client)
	if server.opened.Load() != 2 {
		t.Fatal(server.opened.Load())
	}
}

func TestNoRequestIsSentTwice(t *testing.T) {
	var asked atomic.Int32
	server, client := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		hello(w, r)
	})
	server.answer(t, client)
	if _, _, err := server.ask(t, client, false); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if asked.Load() != 2 || len(client.open) != 0 {
		t.Fatal(asked.Load(), client.open)
	}
}

func TestWhatComesBeforeTheAnswerIsNoAnswer(t *testing.T) {
	server, client := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		hello(w, r)
	})
	if answer, _ := server.answer(t, client); answer.StatusCode != http.StatusOK {
		t.Fatal(answer.StatusCode)
	}
}

func TestABodyIsReadAsItWasBeforeItWasEncoded(t *testing.T) {
	server, client := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		writer := gzip.NewWriter(w)
		_, _ = io.WriteString(writer, "small")
		_ = writer.Close()
	})
	for range 2 {
		if answer, _ := server.answer(t, client); answer.Text != "small" {
			t.Fatalf("%q", answer.Text)
		}
	}
	if server.opened.Load() != 1 {
		t.Fatal("what was left of it closed the connection")
	}
}

func TestTheDeadlineAndTheEndOfTheRunInterrupt(t *testing.T) {
	ended := make(chan struct{})
	server, client := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK) // the body never comes
		_ = http.NewResponseController(w).Flush()
		<-ended
	})
	defer close(ended)
	request, _ := http.NewRequest(http.MethodGet, server.URL, nil)
	_, _, err := client.Exchange(t.Context(), request, time.Now().Add(50*time.Millisecond), false)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, _, err = client.Exchange(ctx, request, time.Now().Add(time.Hour), false); err == nil {
		t.Fatal("it ended by itself")
	}
}

func TestATargetsPort(t *testing.T) {
	for to, wanted := range map[target][2]string{
		{"http", "h"}:         {"h:80", "h"},
		{"https", "h"}:        {"h:443", "h"},
		{"https", "h:8443"}:   {"h:8443", "h"},
		{"http", "[::1]:81"}:  {"[::1]:81", "::1"},
		{"https", "[fd00::]"}: {"[fd00::]:443", "fd00::"},
	} {
		if address, name := withPort(to); address != wanted[0] || name != wanted[1] {
			t.Error(to, address, name)
		}
	}
}

func TestABodyThatCannotBeUnpackedIsNoBrokenConnection(t *testing.T) {
	var whole bytes.Buffer
	packer := gzip.NewWriter(&whole)
	_, _ = io.WriteString(packer, "a text that is long enough to be cut")
	_ = packer.Close()
	for _, sent := range []struct {
		body   []byte
		length int
		broken bool
	}{
		{whole.Bytes()[:whole.Len()-20], whole.Len() - 20, false},
		{[]byte("not compressed"), 14, false},
		{whole.Bytes()[:whole.Len()-20], whole.Len(), true},
	} {
		server, client := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Length", strconv.Itoa(sent.length))
			_, _ = w.Write(sent.body)
		})
		_, _, err := server.ask(t, client, true)
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) != sent.broken {
			t.Errorf("%q of %d: %v", sent.body, sent.length, err)
		}
	}
}
