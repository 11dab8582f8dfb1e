package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Finding is where to look in an answer: a path of names and numbers in its JSON, or a header.
type Finding struct {
	JSON   []any  `json:"json"`
	Header string `json:"header"`
}

// In returns what is there; Undefined, or an empty text, if nothing is.
func (f Finding) In(headers http.Header, body string) any {
	if f.Header != "" {
		return strings.Join(headers.Values(f.Header), ", ")
	}
	found := json.RawMessage(body)
	if !json.Valid(found) {
		return Undefined{}
	}
	if !isComposite(found) {
		return ""
	}
	for _, key := range f.JSON {
		if found = inside(found, fmt.Sprint(key)); found == nil {
			return Undefined{}
		}
	}
	read, err := value(found)
	if err != nil {
		return Undefined{}
	}
	return read
}

func isComposite(given json.RawMessage) bool {
	given = bytes.TrimSpace(given)
	return len(given) > 0 && (given[0] == '{' || given[0] == '[')
}

// inside returns what JavaScript has under this name of its own: of lists and texts also their length.
func inside(given json.RawMessage, name string) json.RawMessage {
	given = bytes.TrimSpace(given)
	switch given[0] {
	case '{':
		var object map[string]json.RawMessage
		if json.Unmarshal(given, &object) == nil {
			return object[name]
		}
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(given, &list) == nil {
			return among(list, name)
		}
	case '"':
		var text string
		if json.Unmarshal(given, &text) == nil && text != "" {
			return among(units(text), name)
		}
	}
	return nil
}

func among(list []json.RawMessage, name string) json.RawMessage {
	if name == "length" {
		return strconv.AppendInt(nil, int64(len(list)), 10)
	}
	at, err := strconv.Atoi(name)
	if err != nil || at < 0 || at >= len(list) || strconv.Itoa(at) != name {
		return nil
	}
	return list[at]
}

// units returns a text's units of UTF-16, which JavaScript counts.
func units(text string) []json.RawMessage {
	var found []json.RawMessage
	for _, unit := range utf16.Encode([]rune(text)) {
		found = append(found, appendQuoted(nil, string(utf16.Decode([]uint16{unit}))))
	}
	return found
}
