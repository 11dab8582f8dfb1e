package flow

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
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
		if found = inside(found, key); found == nil {
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

func inside(given json.RawMessage, key any) json.RawMessage {
	switch one := key.(type) {
	case string:
		var object map[string]json.RawMessage
		if json.Unmarshal(given, &object) == nil {
			return object[one]
		}
	case float64:
		var list []json.RawMessage
		if json.Unmarshal(given, &list) == nil && one < float64(len(list)) {
			return list[int(one)]
		}
	}
	return nil
}
