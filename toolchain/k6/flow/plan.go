// Package flow is a scenario in plain steps, and what of each changes from visitor to visitor.
//
// It is read once, from what `loadtest/engine/generators/k6/plain_flow.py` writes, for all of k6's users.
package flow

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"
)

// Plan is what visitors do.
type Plan struct {
	Target  string
	Timeout time.Duration

	scenarios []scenario
	weights   float64
	payloads  []payload
	given     []given
	uuid      int
	size      int
}

type scenario struct {
	weight float64
	steps  []Step
}

type payload struct {
	places  []int
	inOrder bool
	rows    [][]any
}

// given is a variable of the scenario: each visitor gets one of the values.
type given struct {
	place  int
	values []any
}

// Step is one of Send, Wait and Repeat.
type Step interface{ isStep() }

// Send is one request, and those to which its answer redirects.
type Send struct {
	Method   string
	URL      Text
	Endpoint string
	Headers  map[string]Text
	// Body is nil for a request without one.
	Body    Text
	HasBody bool
	// Expect are the statuses that are right; without any, those below 400.
	Expect   []int
	Follows  bool
	Chance   float64
	Captures []Capture
	Matches  []Match
}

// Capture is a value of an answer that later steps use.
type Capture struct {
	Finding
	Place int
}

// Match is a value that an answer must have.
type Match struct {
	Finding
	Value Value
}

// Wait is a pause: a whole number of seconds from Low to High, or just Low.
type Wait struct{ Low, High float64 }

// Repeat are steps that are done several times.
type Repeat struct {
	Steps            []Step
	First, Rounds    int
	Counter, Element int
	// Over says that the element is one of Values in each round; else it is the first number.
	Over   bool
	Values []Value
}

func (*Send) isStep()   {}
func (*Wait) isStep()   {}
func (*Repeat) isStep() {}

// Value is one that is fixed, a visitor's variable, or a text.
type Value struct {
	fixed any
	text  Text
}

// Of returns the value that a visitor has.
func (v Value) Of(values Values) any {
	if len(v.text) == 0 {
		return v.fixed
	}
	if alone, ok := v.text[0].(variable); ok && len(v.text) == 1 {
		return values[alone] // it keeps its type
	}
	return v.text.String(values)
}

// Visitor returns the values that the visitor of this number arrives with, and what it does.
func (p *Plan) Visitor(number uint64) (Values, []Step) {
	values := make(Values, p.size)
	for place := range values {
		values[place] = Undefined{}
	}
	values[p.uuid] = uuid.NewString()
	for _, one := range p.payloads {
		at := number % uint64(len(one.rows))
		if !one.inOrder {
			at = rand.Uint64N(uint64(len(one.rows))) //nolint:gosec // no secret
		}
		row := one.rows[at]
		for column, place := range one.places {
			if column < len(row) {
				values[place] = row[column]
			}
		}
	}
	for _, one := range p.given {
		values[one.place] = one.values[rand.IntN(len(one.values))] //nolint:gosec // no secret
	}
	return values, p.steps()
}

func (p *Plan) steps() []Step {
	left := rand.Float64() * p.weights //nolint:gosec // no secret
	for _, one := range p.scenarios {
		if left -= one.weight; left < 0 {
			return one.steps
		}
	}
	return p.scenarios[0].steps
}

// Sends yields every request that a visitor may send.
func (p *Plan) Sends() iter.Seq[*Send] {
	return func(yield func(*Send) bool) {
		for _, one := range p.scenarios {
			if !eachSend(one.steps, yield) {
				return
			}
		}
	}
}

func eachSend(steps []Step, yield func(*Send) bool) bool {
	for _, step := range steps {
		switch one := step.(type) {
		case *Send:
			if !yield(one) {
				return false
			}
		case *Repeat:
			if !eachSend(one.Steps, yield) {
				return false
			}
		}
	}
	return true
}

// Read reads a plan and the rows of its payloads.
func Read(file, rowsFile string) (*Plan, error) {
	var written planFile
	var rows [][][]any
	if err := readJSON(file, &written); err != nil {
		return nil, err
	}
	if err := readJSON(rowsFile, &rows); err != nil {
		return nil, err
	}
	return written.compile(rows)
}

func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", file, err)
	}
	return nil
}
