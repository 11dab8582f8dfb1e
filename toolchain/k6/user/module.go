// Package user is the JavaScript module k6/x/haproof: what a visitor does that the script leaves to k6.
//
// It sends requests by k6's own HTTP client (its connections, cookies, timings, metrics and errors), and
// prints what the recorder reads (`loadtest/engine/generators/recorder.py`). The module k6/http makes
// JavaScript objects of everything that a request and its answer have, and console.log a write of
// each line; together they take several times what the request itself takes.
package user

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/grafana/sobek"

	"go.k6.io/k6/js/common"
	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/lib/netext/httpext"
	"go.k6.io/k6/metrics"

	"haproof/toolchain/k6/arrivals"
	"haproof/toolchain/k6/lines"
)

// Name is what the script imports.
const Name = "k6/x/haproof"

func init() {
	modules.Register(Name, module{})
}

type module struct{}

// NewModuleInstance makes what one of k6's users gets.
func (module) NewModuleInstance(vu modules.VU) modules.Instance {
	registry := vu.InitEnv().Registry
	made := &instance{vu: vu, counts: counts{
		completed: registry.MustNewMetric("haproof_completed", metrics.Counter),
		failed:    registry.MustNewMetric("haproof_failed", metrics.Counter),
		responses: registry.MustNewMetric("haproof_responses", metrics.Counter),
		errors:    registry.MustNewMetric("haproof_errors", metrics.Counter),
		around:    registry.MustNewMetric("haproof_around", metrics.Counter),
	}}
	made.exports = made.functions()
	return made
}

// counts are k6's own metrics, against which the lines recorded by JavaScript are held.
type counts struct {
	completed, failed, responses, errors, around *metrics.Metric
}

// instance is one of k6's users: it is one visitor after the other.
type instance struct {
	vu     modules.VU
	counts counts
	// Made once: k6 asks for all of them each time that the script uses one that it imports.
	exports modules.Exports

	// The visitor that it is at present; nobody in `setup` and `teardown`.
	guest

	// Of its last request.
	started  time.Time
	ended    time.Time
	response *httpext.Response
	line     []byte
}

// Exports returns what the script can import.
func (i *instance) Exports() modules.Exports { return i.exports }

func (i *instance) functions() modules.Exports {
	named := map[string]any{}
	for name, function := range map[string]func(sobek.FunctionCall) sobek.Value{
		"arrive":  i.arrive,
		"leave":   i.leave,
		"request": i.request,
		"send":    i.send,
		"failure": i.failure,
		"headers": i.headers,
		"body":    i.body,
		"record":  i.record,
		"print":   i.print,
		"uuid":    i.uuid,
		"visits":  i.visits,
	} {
		named[name] = i.vu.Runtime().ToValue(function)
	}
	return modules.Exports{Named: named}
}

// arrive() begins the next visitor; returns its number, counted from 0.
func (i *instance) arrive(sobek.FunctionCall) sobek.Value {
	number := i.vu.State().GetScenarioGlobalVUIter()
	i.guest = newGuest(number, arrivals.Of(i.vu.Context()).Due(number))
	return i.vu.Runtime().ToValue(number)
}

// leave(good) ends the visitor.
func (i *instance) leave(call sobek.FunctionCall) sobek.Value {
	if call.Argument(0).ToBoolean() {
		i.count(i.counts.completed)
		lines.Out.Print([]byte("e 1"))
	} else {
		i.count(i.counts.failed)
		lines.Out.Print([]byte("e 0"))
	}
	i.guest = guest{}
	return sobek.Undefined()
}

// prepared is what requests have in common, made once for all of them.
type prepared struct {
	headers
	method  string
	host    string
	cookies map[string]*httpext.HTTPRequestCookie
	timeout time.Duration
	answer  httpext.ResponseType
}

// request(method, headers, cookies, timeoutMs, readsBody) returns what `send` takes.
func (i *instance) request(call sobek.FunctionCall) sobek.Value {
	runtime := i.vu.Runtime()
	made := &prepared{
		headers: headers{header: http.Header{"User-Agent": {i.vu.State().Options.UserAgent.String}}},
		method:  call.Argument(0).String(),
		cookies: map[string]*httpext.HTTPRequestCookie{},
		timeout: time.Duration(call.Argument(3).ToFloat() * float64(time.Millisecond)),
		answer:  httpext.ResponseTypeNone,
	}
	if call.Argument(4).ToBoolean() {
		made.answer = httpext.ResponseTypeText
	}
	for name, value := range texts(runtime, call.Argument(1)) {
		if strings.EqualFold(name, "host") {
			made.host = value
		}
		made.set(name, value)
	}
	for name, value := range texts(runtime, call.Argument(2)) {
		made.cookies[name] = &httpext.HTTPRequestCookie{Name: name, Value: value}
	}
	return runtime.ToValue(made)
}

func texts(runtime *sobek.Runtime, given sobek.Value) map[string]string {
	found := map[string]string{}
	if common.IsNullish(given) {
		return found
	}
	object := given.ToObject(runtime)
	for _, name := range object.Keys() {
		found[name] = object.Get(name).String()
	}
	return found
}

func (i *instance) print(call sobek.FunctionCall) sobek.Value {
	lines.Out.Print([]byte(call.Argument(0).String()))
	if i.arrived.IsZero() {
		// Before or after the load nobody else flushes, and k6 may end at once.
		_ = lines.Out.Flush()
	}
	return sobek.Undefined()
}

func (i *instance) uuid(sobek.FunctionCall) sobek.Value {
	return i.vu.Runtime().ToValue(uuid.NewString())
}

func (i *instance) count(metric *metrics.Metric) {
	state := i.vu.State()
	metrics.PushIfNotDone(i.vu.Context(), state.Samples, metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: metric, Tags: state.Tags.GetCurrentValues().Tags},
		Time:       time.Now(),
		Value:      1,
	})
}

func ms(duration time.Duration) float64 { return float64(duration) / float64(time.Millisecond) }

var errNoRequest = errors.New("send() takes what request() returns")
