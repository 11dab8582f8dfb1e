package user

import (
	"net/url"
	"regexp"
	"strings"
)

// Scheme, authority, path and query; what follows `#` is not sent.
var reference = regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?`)

const (
	encodedInPath  = "\"<>^`{}"
	encodedInQuery = "\"<>'"
)

// resolve returns where a redirect leads, written as Node's URL writes it (WHATWG URL Standard): a percent sign that
// encodes nothing stays as it is, and what is not ASCII is encoded as UTF-8.
func resolve(base, to string) string {
	from, target := reference.FindStringSubmatch(base), reference.FindStringSubmatch(plain(to))
	scheme := strings.ToLower(target[1])
	if scheme != "" && scheme != "http" && scheme != "https" {
		return to
	}
	authority, path, query := target[2], target[3], target[4]
	if authority == "" {
		authority = from[2]
		switch {
		case path == "" && query == "":
			path, query = from[3], from[4]
		case path == "":
			path = from[3]
		case path[0] != '/':
			path = from[3][:strings.LastIndexByte(from[3], '/')+1] + path
		}
	}
	if scheme == "" {
		scheme = from[1]
	}
	return scheme + "://" + authority + encode(climbed(path), encodedInPath) + encode(query, encodedInQuery)
}

// plain returns a reference without what a URL never has: blanks around it, tabs, bytes that are no UTF-8. A
// backslash before the query is a slash.
func plain(to string) string {
	to = strings.TrimFunc(strings.ReplaceAll(to, "\t", ""), func(one rune) bool { return one <= ' ' })
	to = string([]rune(to))
	end := strings.IndexAny(to, "?#")
	if end < 0 {
		end = len(to)
	}
	return strings.ReplaceAll(to[:end], `\`, "/") + to[end:]
}

var dot = strings.NewReplacer("%2e", ".", "%2E", ".")

// climbed returns a path from the root on, without its steps `.` and `..`.
func climbed(path string) string {
	var kept []string
	steps := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for at, step := range steps {
		switch dot.Replace(step) {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		case ".":
		default:
			kept = append(kept, step)
			continue
		}
		if at == len(steps)-1 {
			kept = append(kept, "") // of `/a/..` the slash stays
		}
	}
	return "/" + strings.Join(kept, "/")
}

func encode(text, more string) string {
	made := make([]byte, 0, len(text))
	for at := range len(text) {
		if c := text[at]; c <= ' ' || c > '~' || strings.IndexByte(more, c) >= 0 {
			made = append(made, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		} else {
			made = append(made, c)
		}
	}
	return string(made)
}

// withoutStrays encodes the percent signs that encode nothing: Go parses no path that has one.
func withoutStrays(given string) string {
	made, written := strings.Builder{}, 0
	for at := range len(given) {
		if given[at] == '%' && (at+2 >= len(given) || !isHex(given[at+1]) || !isHex(given[at+2])) {
			made.WriteString(given[written:at] + "%25")
			written = at + 1
		}
	}
	if written == 0 {
		return given
	}
	return made.String() + given[written:]
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// parse reads a URL. Percent signs in its path that encode nothing are sent as they are.
func parse(given string) (*url.URL, error) {
	to, err := url.Parse(given)
	if err == nil {
		return to, nil
	}
	if to, err = url.Parse(withoutStrays(given)); err == nil {
		asWritten(to, given)
	}
	return to, err
}

// asWritten lets a URL be sent as it was written, after it was parsed without its stray percent signs.
func asWritten(to *url.URL, given string) {
	parts := reference.FindStringSubmatch(given)
	if path := parts[3]; path != withoutStrays(path) && !strings.HasPrefix(path, "//") {
		to.Opaque = path
		to.RawQuery = strings.TrimPrefix(parts[4], "?")
	}
}
