package flow

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Text is one that is put together anew for each visitor.
type Text []piece

// piece appends a part of a text.
type piece interface {
	append(to []byte, values Values) []byte
}

// Fixed returns the whole text if nothing in it changes.
func (t Text) Fixed() (string, bool) {
	switch len(t) {
	case 0:
		return "", true
	case 1:
		fixed, ok := t[0].(literal)
		return string(fixed), ok
	default:
		return "", false
	}
}

// String puts the text together.
func (t Text) String(values Values) string {
	if fixed, ok := t.Fixed(); ok {
		return fixed
	}
	return string(t.append(nil, values))
}

func (t Text) append(to []byte, values Values) []byte {
	for _, one := range t {
		to = one.append(to, values)
	}
	return to
}

type literal string

func (l literal) append(to []byte, _ Values) []byte { return append(to, l...) }

// variable is the value that a visitor has at this place, as JavaScript writes it into a text.
type variable int

func (v variable) append(to []byte, values Values) []byte { return appendText(to, values[v]) }

// jsonVariable is the same as JSON: it keeps its type.
type jsonVariable int

func (v jsonVariable) append(to []byte, values Values) []byte { return appendJSON(to, values[v]) }

type number struct{ low, high int64 }

func (n number) append(to []byte, _ Values) []byte {
	return strconv.AppendInt(to, n.low+rand.Int64N(n.high-n.low+1), 10) //nolint:gosec // no secret
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

type letters int

func (l letters) append(to []byte, _ Values) []byte {
	for range l {
		to = append(to, alphabet[rand.IntN(len(alphabet))]) //nolint:gosec // no secret
	}
	return to
}

// encoded is a text inside of another notation.
type encoded struct {
	text   Text
	encode func(to []byte, text []byte) []byte
}

func (e encoded) append(to []byte, values Values) []byte {
	return e.encode(to, e.text.append(nil, values))
}

var notations = map[string]func(to, text []byte) []byte{
	"uri":    appendComponent,
	"url":    appendURL,
	"quoted": func(to, text []byte) []byte { return appendQuoted(to, string(text)) },
	"base64": base64.StdEncoding.AppendEncode,
}

// compiler knows at which place a visitor keeps each variable.
type compiler struct{ places map[string]int }

func (c *compiler) place(name string) int {
	at, known := c.places[name]
	if !known {
		at = len(c.places)
		c.places[name] = at
	}
	return at
}

// text reads `["literal", ["variable", "name"], ["uri", […]], …]`.
func (c *compiler) text(given []json.RawMessage) (Text, error) {
	var made Text
	for _, one := range given {
		next, err := c.piece(one)
		if err != nil {
			return nil, err
		}
		fixed, isFixed := next.(literal)
		if last := len(made) - 1; isFixed && last >= 0 {
			if before, ok := made[last].(literal); ok {
				made[last] = before + fixed
				continue
			}
		}
		made = append(made, next)
	}
	return made, nil
}

func (c *compiler) piece(given json.RawMessage) (piece, error) {
	if len(given) > 0 && given[0] == '"' {
		var text string
		err := json.Unmarshal(given, &text)
		return literal(text), err
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(given, &parts); err != nil || len(parts) < 2 {
		return nil, fmt.Errorf("%s is not part of a text", given)
	}
	var kind, name string
	var first, second int64
	var inner []json.RawMessage
	if err := json.Unmarshal(parts[0], &kind); err != nil {
		return nil, err
	}
	switch kind {
	case "variable", "json":
		if err := json.Unmarshal(parts[1], &name); err != nil {
			return nil, err
		}
		if kind == "json" {
			return jsonVariable(c.place(name)), nil
		}
		return variable(c.place(name)), nil
	case "number":
		if err := unmarshalAll(parts[1:], &first, &second); err != nil {
			return nil, err
		}
		return number{first, second}, nil
	case "letters":
		err := unmarshalAll(parts[1:], &first)
		return letters(first), err
	}
	encode, known := notations[kind]
	if !known {
		return nil, fmt.Errorf("%q is not a kind of text", kind)
	}
	if err := json.Unmarshal(parts[1], &inner); err != nil {
		return nil, err
	}
	text, err := c.text(inner)
	if err != nil {
		return nil, err
	}
	if fixed, ok := text.Fixed(); ok {
		return literal(encode(nil, []byte(fixed))), nil
	}
	return encoded{text, encode}, nil
}

func unmarshalAll(given []json.RawMessage, into ...any) error {
	if len(given) != len(into) {
		return fmt.Errorf("%d values, not %d", len(given), len(into))
	}
	for index, one := range into {
		if err := json.Unmarshal(given[index], one); err != nil {
			return err
		}
	}
	return nil
}
