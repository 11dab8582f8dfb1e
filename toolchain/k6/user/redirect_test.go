package user

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

func TestARedirectIsWrittenAsNodeWritesIt(t *testing.T) {
	const origin = "http://h:81"
	for to, wanted := range map[string]string{
		"/a%zz": "/a%zz", "/a%": "/a%", "/50%25": "/50%25", "/a b": "/a%20b", "/a^b|c": "/a%5Eb|c",
		"/a\"b<c>`{d}[e]": "/a%22b%3Cc%3E%60%7Bd%7D[e]", "?q=a b'\"<>|^`{}": "/d/e?q=a%20b%27%22%3C%3E|^`{}",
		"../x": "/x", "./x": "/d/x", "x/../y": "/d/y", `/a\b`: "/a/b", `?a\b`: `/d/e?a\b`, "/é": "/%C3%A9",
		"/\xe9": "/%EF%BF%BD", "/\xff\xfe": "/%EF%BF%BD%EF%BF%BD", "#f": "/d/e?x=1", "/a#é": "/a",
		"/%2e%2e/b": "/b", "/a%2e%2E/b": "/a%2e%2E/b", "/a/./b//c/": "/a/b//c/", " /sp ": "/sp",
		"/a?b%zz#c": "/a?b%zz", "/t\ta": "/ta", "/a/..": "/", "/a/.": "/a/", "..": "/", "": "/d/e?x=1",
		"HTTP://h:81/q/../r": "/r", "//h:81": "/",
	} {
		if found := resolve(origin+"/d/e?x=1", to); found != origin+wanted {
			t.Errorf("%q: %s, not %s", to, found, origin+wanted)
		}
	}
	if found := resolve(origin, "ftp://x/y"); found != "ftp://x/y" {
		t.Error(found)
	}
}

func TestPercentSignsThatEncodeNothingAreSent(t *testing.T) {
	for given, line := range map[string]string{
		"http://h:81/a%zz/b?c=%d": "GET /a%zz/b?c=%d HTTP/1.1", "http://h/%": "GET /% HTTP/1.1",
		"http://h/a%2Fb?c%": "GET /a%2Fb?c% HTTP/1.1", "http://h/x": "GET /x HTTP/1.1",
		"http://h//a%zz": "GET //a%25zz HTTP/1.1",
	} {
		to, err := parse(given)
		if err != nil {
			t.Fatal(given, err)
		}
		var sent strings.Builder
		if err := (&http.Request{Method: http.MethodGet, URL: to}).Write(&sent); err != nil {
			t.Fatal(err)
		}
		first, _ := bufio.NewReader(strings.NewReader(sent.String())).ReadString('\n')
		if strings.TrimSpace(first) != line {
			t.Errorf("%s: %q, not %q", given, first, line)
		}
	}
	if _, err := parse("http://h:x/"); err == nil {
		t.Error("a port that is no number")
	}
}
