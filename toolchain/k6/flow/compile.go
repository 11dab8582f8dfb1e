package flow

import (
	"encoding/json"
	"errors"
	"time"
)

// planFile is a plan as it is written.
type planFile struct {
	Target    string                     `json:"target"`
	TimeoutS  float64                    `json:"timeout_s"`
	Payloads  []payloadFile              `json:"payloads"`
	Variables map[string]json.RawMessage `json:"variables"`
	Flows     []struct {
		Weight float64    `json:"weight"`
		Steps  []stepFile `json:"steps"`
	} `json:"flows"`
}

type payloadFile struct {
	Fields []string `json:"fields"`
	Order  string   `json:"order"`
}

type stepFile struct {
	Send   *sendFile   `json:"send"`
	Wait   []float64   `json:"wait"`
	Repeat *repeatFile `json:"repeat"`
}

type textFile = []json.RawMessage

type sendFile struct {
	Method   string              `json:"method"`
	URL      textFile            `json:"url"`
	Endpoint string              `json:"endpoint"`
	Headers  map[string]textFile `json:"headers"`
	Body     *textFile           `json:"body"`
	Expect   []int               `json:"expect"`
	Follows  bool                `json:"follows"`
	Chance   float64             `json:"chance"`
	Captures []struct {
		Finding
		Name string `json:"name"`
	} `json:"captures"`
	Matches []struct {
		Finding
		Value valueFile `json:"value"`
	} `json:"matches"`
}

type valueFile struct {
	Fixed json.RawMessage `json:"fixed"`
	Text  textFile        `json:"text"`
}

type repeatFile struct {
	Steps   []stepFile   `json:"steps"`
	First   int          `json:"first"`
	Rounds  int          `json:"rounds"`
	Counter string       `json:"counter"`
	Element string       `json:"element"`
	Values  *[]valueFile `json:"values"`
}

var (
	errNoFlow = errors.New("there is no flow that somebody follows")
	errNoRows = errors.New("a payload has no rows")
	errNoStep = errors.New("a step is neither send, wait nor repeat")
)

func (f *planFile) compile(rows [][][]any) (*Plan, error) {
	c := &compiler{places: map[string]int{}}
	made := &Plan{
		Target:  f.Target,
		Timeout: time.Duration(f.TimeoutS * float64(time.Second)),
		uuid:    c.place("$uuid"),
	}
	for index, one := range f.Payloads {
		if index >= len(rows) || len(rows[index]) == 0 {
			return nil, errNoRows
		}
		load := payload{inOrder: one.Order == "sequence", rows: rows[index]}
		for _, name := range one.Fields {
			load.places = append(load.places, c.place(name))
		}
		made.payloads = append(made.payloads, load)
	}
	for name, one := range f.Variables {
		var values []any
		if err := json.Unmarshal(one, &values); err != nil || len(values) == 0 {
			var alone any
			if err := json.Unmarshal(one, &alone); err != nil {
				return nil, err
			}
			values = []any{alone}
		}
		made.given = append(made.given, given{c.place(name), values})
	}
	for _, one := range f.Flows {
		steps, err := c.steps(one.Steps)
		if err != nil {
			return nil, err
		}
		made.scenarios = append(made.scenarios, scenario{one.Weight, steps})
		made.weights += one.Weight
	}
	if made.weights <= 0 {
		return nil, errNoFlow
	}
	made.size = len(c.places)
	return made, nil
}

func (c *compiler) steps(written []stepFile) ([]Step, error) {
	var made []Step
	for _, one := range written {
		step, err := c.step(one)
		if err != nil {
			return nil, err
		}
		made = append(made, step)
	}
	return made, nil
}

func (c *compiler) step(written stepFile) (Step, error) {
	switch {
	case written.Send != nil:
		return c.send(written.Send)
	case len(written.Wait) == 2:
		return &Wait{written.Wait[0], written.Wait[1]}, nil
	case written.Repeat != nil:
		return c.repeat(written.Repeat)
	default:
		return nil, errNoStep
	}
}

func (c *compiler) send(written *sendFile) (*Send, error) {
	made := &Send{
		Method: written.Method, Endpoint: written.Endpoint, Headers: map[string]Text{},
		Expect: written.Expect, Follows: written.Follows, Chance: written.Chance,
		HasBody: written.Body != nil,
	}
	var err error
	if made.URL, err = c.text(written.URL); err != nil {
		return nil, err
	}
	for name, one := range written.Headers {
		if made.Headers[name], err = c.text(one); err != nil {
			return nil, err
		}
	}
	if written.Body != nil {
		if made.Body, err = c.text(*written.Body); err != nil {
			return nil, err
		}
	}
	for _, one := range written.Captures {
		made.Captures = append(made.Captures, Capture{one.Finding, c.place(one.Name)})
	}
	for _, one := range written.Matches {
		wanted, err := c.value(one.Value)
		if err != nil {
			return nil, err
		}
		made.Matches = append(made.Matches, Match{one.Finding, wanted})
	}
	return made, nil
}

func (c *compiler) repeat(written *repeatFile) (*Repeat, error) {
	steps, err := c.steps(written.Steps)
	if err != nil {
		return nil, err
	}
	made := &Repeat{
		Steps: steps, First: written.First, Rounds: written.Rounds,
		Counter: c.place(written.Counter), Element: c.place(written.Element),
	}
	if written.Values == nil {
		return made, nil
	}
	made.Over = true
	for _, one := range *written.Values {
		element, err := c.value(one)
		if err != nil {
			return nil, err
		}
		made.Values = append(made.Values, element)
	}
	return made, nil
}

func (c *compiler) value(written valueFile) (made Value, err error) {
	if written.Text != nil {
		made.text, err = c.text(written.Text)
		if err == nil && len(made.text) == 0 {
			made.fixed = ""
		}
		return made, err
	}
	made.fixed, err = value(written.Fixed)
	return made, err
}
