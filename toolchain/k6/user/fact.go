package user

import (
	"encoding/json"
	"strconv"
	"time"

	"haproof/toolchain/k6/lines"
)

// guest is who a visitor is.
type guest struct {
	id      string
	arrived time.Time
}

// newGuest returns the next visitor, and prints how late it is; numbers are counted from 0.
func newGuest(number uint64, due time.Time) guest {
	now := time.Now()
	lines.Out.Print(strconv.AppendFloat([]byte("a "), ms(now.Sub(due)), 'f', 3, 64))
	return guest{"1-" + strconv.FormatUint(number+1, 10), now}
}

// fact is what is recorded of an exchange; times are in ms.
type fact struct {
	started      time.Time
	first, total float64
	// status is 0 if there is no answer.
	status    int
	sent      bool
	failure   string
	isFailure bool
	header    func(name string) (value string, found bool)
}

// appendFact adds a line of `requests.ndjson`.
func (g guest) appendFact(line []byte, endpoint string, good bool, one fact) []byte {
	line = appendText(append(line, `{"vu":`...), g.id)
	line = appendText(append(line, `,"endpoint":`...), endpoint)
	line = appendNumber(append(line, `,"arrived":`...), epoch(g.arrived))
	line = appendNumber(append(line, `,"start":`...), epoch(one.started))
	line = append(line, `,"ttfb":`...)
	if one.status > 0 {
		line = appendNumber(line, one.first)
	} else {
		line = append(line, "null"...)
	}
	line = appendNumber(append(line, `,"total":`...), one.total)
	if one.status > 0 {
		line = strconv.AppendInt(append(line, `,"status":`...), int64(one.status), 10)
		line = strconv.AppendBool(append(line, `,"expected":`...), good)
	} else {
		line = append(line, `,"status":null,"expected":null`...)
	}
	line = append(line, `,"error":`...)
	if one.isFailure {
		line = appendText(line, one.failure)
	} else {
		line = append(line, "null"...)
	}
	line = strconv.AppendBool(append(line, `,"sent":`...), one.sent)
	line = one.appendHeader(append(line, `,"instance":`...), "X-Instance-Id")
	line = one.appendHeader(append(line, `,"zone":`...), "X-Availability-Zone")
	line = one.appendHeader(append(line, `,"version":`...), "X-App-Version")
	return append(line, '}')
}

func (f fact) appendHeader(line []byte, name string) []byte {
	if value, found := f.header(name); found {
		return appendText(line, value)
	}
	return append(line, "null"...)
}

func epoch(at time.Time) float64 { return float64(at.UnixMicro()) / 1000 }

func appendNumber(line []byte, number float64) []byte {
	return strconv.AppendFloat(line, number, 'f', 3, 64)
}

// appendText adds a JSON string.
func appendText(line []byte, text string) []byte {
	for at := range len(text) {
		if c := text[at]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(text) // of a string it cannot fail
			return append(line, quoted...)
		}
	}
	return append(append(append(line, '"'), text...), '"')
}
