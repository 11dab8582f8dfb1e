package user

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"haproof/toolchain/k6/flow"
	"haproof/toolchain/k6/lines"
)

// composed is a request as it is sent.
type composed struct {
	*alike
	url  string
	body *string
}

// alike is what requests have in common, made once for all of them.
type alike struct {
	headers
	method string
	host   string
	keeps  bool
}

// composed fills a step in. What is the same for every visitor is made once.
func (v *visitor) composed(step *flow.Send) composed {
	shared, isFixed := v.fixed[step]
	if !isFixed {
		shared = alikeOf(step, v.values, v.state.Options.UserAgent.String)
	}
	made := composed{alike: shared, url: v.based(step.URL.String(v.values))}
	if step.HasBody {
		body := step.Body.String(v.values)
		made.body = &body
	}
	return made
}

// isAlike says whether a step's headers are the same for every visitor.
func isAlike(step *flow.Send) bool {
	for _, text := range step.Headers {
		if _, isFixed := text.Fixed(); !isFixed {
			return false
		}
	}
	return true
}

func alikeOf(step *flow.Send, values flow.Values, agent string) *alike {
	made := &alike{
		headers: headers{header: http.Header{"User-Agent": {agent}}},
		method:  step.Method,
		keeps:   len(step.Captures)+len(step.Matches) > 0,
	}
	for name, text := range step.Headers {
		value := text.String(values)
		if strings.EqualFold(name, "host") {
			made.host = value
		}
		if !strings.EqualFold(name, "content-length") { // it follows from the body
			made.set(name, value)
		}
	}
	return made
}

func (v *visitor) based(given string) string {
	if strings.HasPrefix(given, "/") {
		return v.plan.Target + given
	}
	return given
}

// redirected is the request that follows a redirect. As in got, Artillery's HTTP client, it is the same one, with its
// body; only 303 makes a GET of it.
func (c composed) redirected(status int, to string) composed {
	next := composed{alike: c.alike, url: resolve(c.url, to), body: c.body}
	if status != http.StatusSeeOther || c.method == http.MethodHead {
		return next
	}
	shared := *c.alike
	shared.method, shared.header, next.body = http.MethodGet, maps.Clone(shared.header), nil
	for name := range shared.header {
		if strings.HasPrefix(name, "Content-") {
			delete(shared.header, name)
		}
	}
	next.alike = &shared
	return next
}

func isRedirect(status int) bool {
	return status >= 300 && status <= 308 && status != 305 && status != 306
}

var hasScheme = regexp.MustCompile(`^https?://`)

// allow returns an error for a URL that must not be put under load.
func (v *visits) allow(given string) error {
	if v.isBelowTarget(given) {
		return nil
	}
	if !hasScheme.MatchString(given) {
		return fmt.Errorf("Invalid URL - %s", given) //nolint:staticcheck // Artillery's words
	}
	if !sameHost(given, v.own) {
		host, _, _ := strings.Cut(hasScheme.ReplaceAllString(given, ""), "/")
		lines.Out.Print(fmt.Appendf(nil,
			"haproof: a request went to %s: only the stack's own URL, %s, is put under load", host, v.plan.Target,
		))
		return errFailed
	}
	return nil
}

// isBelowTarget says so of most URLs without parsing them.
func (v *visits) isBelowTarget(given string) bool {
	path, isBelow := strings.CutPrefix(given, v.plan.Target)
	return isBelow && v.own.Host != "" && (path == "" || path[0] == '/' || path[0] == '?')
}

// sameHost says whether it is the target's host, at its port or any of the usual: a stack may redirect
// from HTTP to HTTPS.
func sameHost(given string, own *url.URL) bool {
	one, err := parse(given)
	if err != nil || !strings.EqualFold(one.Hostname(), own.Hostname()) {
		return false
	}
	port := portOf(one)
	return port == "80" || port == "443" || port == portOf(own)
}

func portOf(given *url.URL) string {
	if port := given.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[given.Scheme]
}
