package user

import (
	"net/http"
	"strings"
	"testing"
)

func TestHeadersAreLatin1(t *testing.T) {
	for given, wanted := range map[string]string{"a b\t": "a b\t", "é": "\xe9", "ÿ§": "\xff\xa7", "": ""} {
		if written, ok := latin1(given); !ok || written != wanted {
			t.Errorf("%q: %q, %v", given, written, ok)
		}
	}
	for _, given := range []string{"日", "€", "a\nb", "\x7f", "\x00"} {
		if _, ok := latin1(given); ok {
			t.Errorf("%q was accepted", given)
		}
	}
}

func TestHeadersOfABodyAreUTF8(t *testing.T) {
	one := headers{header: http.Header{"User-Agent": {"agent"}}}
	one.set("x-a", "a")
	if one.wide != nil {
		t.Error("twice the same")
	}
	one.set("x-b", "é")
	one.set("x-c", "c")
	for hasBody, wanted := range map[bool]string{false: "agent a \xe9 c", true: "agent a é c"} {
		sent := one.sent(hasBody)
		found := strings.Join([]string{sent.Get("User-Agent"), sent.Get("x-a"), sent.Get("x-b"), sent.Get("x-c")}, " ")
		if found != wanted {
			t.Errorf("%v: %q", hasBody, found)
		}
	}
}

func TestAHeaderThatCannotBeSentFailsItsRequest(t *testing.T) {
	plan := planned(t, `[{"weight": 1, "steps": [
		{"send": {"method": "GET", "url": ["/x"], "chance": 1, "headers": {"x-name": ["日"]}}}]}]`)
	one := &visitor{visits: &visits{}}
	for step := range plan.Sends() {
		made := composed{alike: alikeOf(step, nil, "agent"), url: "http://h/"}
		if err := one.transfer(made); err == nil || nameOf(err) != "ERR_INVALID_CHAR" {
			t.Fatal(err)
		}
	}
}
