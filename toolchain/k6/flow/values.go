package flow

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Values are a visitor's variables, by the place that the plan gives each. One is a string, a float64, a
// bool, nil (JavaScript's null), Undefined, or for objects and lists json.RawMessage.
type Values []any

// Undefined is what a variable is that nobody has set.
type Undefined struct{}

// value reads a value of JSON.
func value(given json.RawMessage) (any, error) {
	given = bytes.TrimSpace(given)
	if len(given) > 0 && (given[0] == '{' || given[0] == '[') {
		var compact bytes.Buffer
		err := json.Compact(&compact, given)
		return json.RawMessage(compact.Bytes()), err
	}
	var read any
	err := json.Unmarshal(given, &read)
	return read, err
}

// appendText writes a value as JavaScript does into a text.
func appendText(to []byte, given any) []byte {
	switch one := given.(type) {
	case string:
		return append(to, one...)
	case Undefined:
		return append(to, "undefined"...)
	default:
		return appendJSON(to, given)
	}
}

func appendJSON(to []byte, given any) []byte {
	switch one := given.(type) {
	case string:
		return appendQuoted(to, one)
	case float64:
		return appendNumber(to, one)
	case bool:
		return strconv.AppendBool(to, one)
	case json.RawMessage:
		return append(to, one...)
	default:
		return append(to, "null"...)
	}
}

// appendNumber writes a number as JavaScript does: with an exponent only from 1e21 on, and below 1e-6.
func appendNumber(to []byte, given float64) []byte {
	if size := math.Abs(given); given == 0 || (size >= 1e-6 && size < 1e21) {
		return strconv.AppendFloat(to, given, 'f', -1, 64)
	}
	text := strconv.FormatFloat(given, 'e', -1, 64)
	text = strings.Replace(strings.Replace(text, "e-0", "e-", 1), "e+0", "e+", 1)
	return append(to, text...)
}

// appendQuoted writes a JSON string. Unlike Go's own function it leaves <, > and & as they are.
func appendQuoted(to []byte, text string) []byte {
	for at := range len(text) {
		if c := text[at]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			var written bytes.Buffer
			encoder := json.NewEncoder(&written)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(text) // of a string it cannot fail
			return append(to, bytes.TrimSuffix(written.Bytes(), []byte("\n"))...)
		}
	}
	return append(append(append(to, '"'), text...), '"')
}

const hex = "0123456789ABCDEF"

// appendComponent writes a text as JavaScript's encodeURIComponent does.
func appendComponent(to, text []byte) []byte {
	for _, c := range text {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("-_.!~*'()", c) >= 0 {
			to = append(to, c)
		} else {
			to = append(to, '%', hex[c>>4], hex[c&15])
		}
	}
	return to
}

// appendURL encodes what is not ASCII, a space, or a percent sign that encodes nothing; what is encoded already
// stays. As for Node, a backslash in the path is a slash.
func appendURL(to, text []byte) []byte {
	inPath := true
	for at, c := range text {
		switch {
		case c == '\\' && inPath:
			to = append(to, '/')
		case c <= ' ' || c > '~', c == '%' && !isEncoded(text[at:]):
			to = append(to, '%', hex[c>>4], hex[c&15])
		default:
			inPath = inPath && c != '?'
			to = append(to, c)
		}
	}
	return to
}

func isEncoded(text []byte) bool {
	return len(text) > 2 && isHex(text[1]) && isHex(text[2])
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// Same says whether two values are equal as JavaScript's === has it: objects and lists never are.
func Same(one, other any) bool {
	if _, composite := one.(json.RawMessage); composite {
		return false
	}
	if _, composite := other.(json.RawMessage); composite {
		return false
	}
	return one == other
}
