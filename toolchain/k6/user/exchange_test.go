package user

import (
	"encoding/json"
	"testing"
	"time"

	"go.k6.io/k6/lib/netext/httpext"
)

func line(t *testing.T, i *instance, endpoint string, good bool, failure string, fails bool) map[string]any {
	t.Helper()
	var found map[string]any
	text := i.appendLine(nil, endpoint, good, failure, fails)
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return found
}

func expect(t *testing.T, found, wanted map[string]any) {
	t.Helper()
	for name, value := range wanted {
		if found[name] != value {
			t.Errorf("%s: %v, not %v", name, found[name], value)
		}
	}
}

var at = time.UnixMicro(1_790_000_012_345_678)

func answered(status int, headers map[string]string) *instance {
	return &instance{
		guest: guest{"1-7", at}, started: at.Add(2 * time.Millisecond), ended: at.Add(20 * time.Millisecond),
		response: &httpext.Response{
			Status: status, Headers: headers,
			Timings: httpext.ResponseTimings{Blocked: 1.5, Sending: 0.25, Waiting: 8, Receiving: 2},
		},
	}
}

func TestTheLineOfAnAnswer(t *testing.T) {
	one := answered(200, map[string]string{"X-Instance-Id": "i-0a", "X-App-Version": "v\"1\""})
	expect(t, line(t, one, "Größe \"x\"", true, "", false), map[string]any{
		"vu": "1-7", "endpoint": "Größe \"x\"", "arrived": 1790000012345.678, "start": 1790000012347.678,
		"ttfb": 9.75, "total": 11.75, "status": 200.0, "expected": true, "error": nil, "sent": true,
		"instance": "i-0a", "zone": nil, "version": "v\"1\"",
	})
}

func TestTheLineOfAFailureHasNoAnswer(t *testing.T) {
	one := answered(0, nil)
	one.response.ErrorCode = 1212
	expect(t, line(t, one, "a", false, "ECONNREFUSED", true), map[string]any{
		"ttfb": nil, "total": 18.0, "status": nil, "expected": nil, "error": "ECONNREFUSED", "sent": true,
	})
	one.response.ErrorCode = 1020
	expect(t, line(t, one, "a", false, "bad URL", true), map[string]any{"sent": false})
}

func TestTooManyRedirectsKeepTheLastAnswer(t *testing.T) {
	expect(t, line(t, answered(302, nil), "a", false, "ERR_TOO_MANY_REDIRECTS", true), map[string]any{
		"status": 302.0, "expected": false, "error": "ERR_TOO_MANY_REDIRECTS", "ttfb": 9.75,
	})
}
