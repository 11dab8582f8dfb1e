package user

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/grafana/sobek"
	"github.com/sirupsen/logrus"
	"gopkg.in/guregu/null.v3"

	"go.k6.io/k6/js/common"
	"go.k6.io/k6/lib/netext/httpext"

	"haproof/toolchain/k6/lines"
)

// silent takes k6's warnings about failed requests: each of them is recorded.
var silent = func() *logrus.Logger {
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	logger.SetLevel(logrus.PanicLevel)
	return logger
}()

// send(request, url, body) sends it, and returns the answer's status; 0 if there is none.
func (i *instance) send(call sobek.FunctionCall) sobek.Value {
	runtime := i.vu.Runtime()
	shared, ok := call.Argument(0).Export().(*prepared)
	if !ok {
		common.Throw(runtime, errNoRequest)
	}
	i.started = time.Now()
	i.response = i.exchange(shared, call.Argument(1).String(), call.Argument(2))
	i.ended = time.Now()
	if i.arrived.IsZero() {
		i.count(i.counts.around)
	}
	if i.response.Status > 0 {
		i.count(i.counts.responses)
	} else {
		i.count(i.counts.errors)
	}
	return runtime.ToValue(i.response.Status)
}

func (i *instance) exchange(shared *prepared, url string, body sobek.Value) *httpext.Response {
	if shared.invalid {
		response := failed(errCharacter)
		response.ErrorCode = notSent
		return response
	}
	parsable := withoutStrays(url)
	to, err := httpext.ToURL(parsable)
	if err != nil {
		return failed(err)
	}
	if parsable != url {
		asWritten(to.GetURL(), url)
	}
	// A copy: its logger is another one, and it follows no redirect.
	state := *i.vu.State()
	state.Logger = silent
	kept := &locations{next: state.Transport}
	state.Transport = kept
	parsed := &httpext.ParsedHTTPRequest{
		URL: &to,
		Req: &http.Request{
			Method: shared.method,
			URL:    to.GetURL(),
			Header: shared.sent(!common.IsNullish(body)).Clone(),
			Host:   shared.host,
		},
		Timeout:      shared.timeout,
		ResponseType: shared.answer,
		Redirects:    null.IntFrom(0),
		ActiveJar:    state.CookieJar,
		Cookies:      shared.cookies,
		TagsAndMeta:  state.Tags.GetCurrentValues(),
	}
	if !common.IsNullish(body) {
		parsed.Body = bytes.NewBufferString(body.String())
	}
	httpext.SetRequestCookies(parsed.Req, parsed.ActiveJar, parsed.Cookies)
	response, err := httpext.MakeRequest(i.vu.Context(), &state, parsed)
	if err != nil {
		return failed(err)
	}
	if kept.last != "" {
		response.Headers["Location"] = kept.last
	}
	return response
}

// locations keeps from Go's client where an answer redirects to: it parses that even if it does not go there, and
// fails at what Node sends as it is.
type locations struct {
	next http.RoundTripper
	last string
}

func (l *locations) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if response != nil {
		l.last = response.Header.Get("Location")
		response.Header.Del("Location")
	}
	return response, err
}

// notSent is k6's code of a URL that is none.
const notSent = 1020

func failed(err error) *httpext.Response {
	response := httpext.NewResponse()
	response.Error, response.ErrorCode = err.Error(), 1000
	var known httpext.K6Error
	if errors.As(err, &known) {
		response.ErrorCode = int(known.Code)
	}
	return response
}

// failure() returns k6's code and text of what went wrong with the last request.
func (i *instance) failure(sobek.FunctionCall) sobek.Value {
	return i.vu.Runtime().ToValue(map[string]any{
		"error_code": i.response.ErrorCode,
		"error":      i.response.Error,
	})
}

// headers() returns those of the last answer, written as Go does: `X-Request-Id`.
func (i *instance) headers(sobek.FunctionCall) sobek.Value {
	return i.vu.Runtime().ToValue(i.response.Headers)
}

// body() returns that of the last answer; null unless the request wanted to read it.
func (i *instance) body(sobek.FunctionCall) sobek.Value {
	return i.vu.Runtime().ToValue(i.response.Body)
}

// record(endpoint, expected, error) prints the last exchange as a line of `requests.ndjson`.
// `error` is null for an answer that was read.
func (i *instance) record(call sobek.FunctionCall) sobek.Value {
	if i.arrived.IsZero() {
		return sobek.Undefined()
	}
	failure := call.Argument(2)
	i.line = i.appendLine(
		i.line[:0], call.Argument(0).String(), call.Argument(1).ToBoolean(),
		failure.String(), !common.IsNullish(failure),
	)
	lines.Out.Print(i.line)
	return sobek.Undefined()
}

func (i *instance) appendLine(line []byte, endpoint string, good bool, failure string, isFailure bool) []byte {
	times := i.response.Timings
	first := times.Blocked + times.Sending + times.Waiting
	one := fact{
		started: i.started, first: first, total: first + times.Receiving, status: i.response.Status,
		sent: wasSent(i.response.ErrorCode), failure: failure, isFailure: isFailure,
		header: func(name string) (string, bool) {
			value, found := i.response.Headers[name]
			return value, found
		},
	}
	if isFailure {
		one.total = ms(i.ended.Sub(i.started))
	}
	return i.appendFact(line, endpoint, good, one)
}

// wasSent is false for what k6 found wrong before anything was sent: a URL without a host, say.
func wasSent(code int) bool { return code < 1010 || code > 1020 }
