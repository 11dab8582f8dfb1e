package flow

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
)

func compiled(t *testing.T, written string, places map[string]int) Text {
	t.Helper()
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(written), &parts); err != nil {
		t.Fatal(err)
	}
	text, err := (&compiler{places: places}).text(parts)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATextIsPutTogether(t *testing.T) {
	places := map[string]int{"name": 0, "n": 1, "yes": 2, "none": 3, "list": 4, "nobody": 5, "big": 6}
	values := Values{"Ana \"é\" <&>", 7.0, true, nil, json.RawMessage(`[1,"x"]`), Undefined{}, 1e21}
	for written, wanted := range map[string]string{
		`[]`:                          "",
		`["a", "b"]`:                  "ab",
		`[["variable", "name"], "!"]`: `Ana "é" <&>!`,
		`[["variable", "n"], ["variable", "yes"], ["variable", "none"]]`: "7truenull",
		`[["variable", "list"], ["variable", "nobody"]]`:                 `[1,"x"]undefined`,
		`[["variable", "big"]]`:                                          "1e+21",
		`["{", ["json", "name"], ["json", "n"], "}"]`:                    `{"Ana \"é\" <&>"7}`,
		`[["json", "list"], ["json", "none"]]`:                           `[1,"x"]null`,
		`[["quoted", ["x ", ["variable", "name"]]]]`:                     `"x Ana \"é\" <&>"`,
		`[["uri", [["variable", "name"]]], "&", ["uri", ["a'b/ "]]]`:     `Ana%20%22%C3%A9%22%20%3C%26%3E&a'b%2F%20`,
		`[["url", ["/a b?c=%20é&d"]]]`:                                   `/a%20b?c=%20%C3%A9&d`,
		`[["url", ["/50% \\ 5%2?a=\\"]]]`:                                `/50%25%20/%205%252?a=\`,
		`["Basic ", ["base64", ["u:", ["variable", "n"]]]]`:              "Basic dTo3",
		`[["number", 3, 3]]`:                                             "3",
	} {
		if found := compiled(t, written, places).String(values); found != wanted {
			t.Errorf("%s: %s, not %s", written, found, wanted)
		}
	}
	if found := compiled(t, `[["letters", 12]]`, places).String(values); !regexp.MustCompile(`^\w{12}$`).MatchString(found) {
		t.Error(found)
	}
}

func TestWhatNoVariableChangesIsMadeOnce(t *testing.T) {
	if fixed, ok := compiled(t, `["a", ["uri", ["ä"]], "b"]`, nil).Fixed(); !ok || fixed != "a%C3%A4b" {
		t.Fatal(fixed, ok)
	}
}

func TestNumbersAreWrittenAsJavaScriptWritesThem(t *testing.T) {
	for number, wanted := range map[float64]string{
		0: "0", -7: "-7", 1.5: "1.5", 1e20: "100000000000000000000", 1e21: "1e+21", 1e-6: "0.000001",
		1.5e-7: "1.5e-7",
	} {
		if found := string(appendNumber(nil, number)); found != wanted {
			t.Errorf("%s, not %s", found, wanted)
		}
	}
}

func TestWhatIsFoundInAnAnswer(t *testing.T) {
	headers := http.Header{"X-Token": {"a", "b"}}
	body := `{"notes": [{"id": 7, "of": {"x": [1, 2]}}], "none": null, "text": "7"}`
	for _, one := range []struct {
		where  Finding
		body   string
		wanted any
	}{
		{Finding{JSON: []any{"notes", 0.0, "id"}}, body, 7.0},
		{Finding{JSON: []any{"text"}}, body, "7"},
		{Finding{JSON: []any{"none"}}, body, nil},
		{Finding{JSON: []any{"notes", 1.0}}, body, Undefined{}},
		{Finding{JSON: []any{"notes", "id"}}, body, Undefined{}},
		{Finding{JSON: []any{"nobody"}}, body, Undefined{}},
		{Finding{JSON: []any{"id"}}, "no JSON", Undefined{}},
		{Finding{JSON: []any{"id"}}, "5", ""},
		{Finding{Header: "x-token"}, "", "a, b"},
		{Finding{Header: "x-nobody"}, "", ""},
	} {
		if found := one.where.In(headers, one.body); found != one.wanted {
			t.Errorf("%+v: %v, not %v", one.where, found, one.wanted)
		}
	}
	found := Finding{JSON: []any{"notes", 0.0, "of"}}.In(headers, body)
	if text := string(appendText(nil, found)); text != `{"x":[1,2]}` {
		t.Error(text)
	}
	if Same(found, found) || !Same(7.0, 7.0) || Same(7.0, "7") {
		t.Error("not as JavaScript compares")
	}
}

func TestVisitorsGetTheirRowsAndFollowFlowsByWeight(t *testing.T) {
	var written planFile
	text := `{"target": "http://h", "timeout_s": 2, "payloads": [{"fields": ["u", "n"], "order": "sequence"}],
		"variables": {"colour": ["red"], "one": 1},
		"flows": [{"weight": 0, "steps": []}, {"weight": 2, "steps": [{"wait": [1, 1]}]}]}`
	if err := json.Unmarshal([]byte(text), &written); err != nil {
		t.Fatal(err)
	}
	plan, err := written.compile([][][]any{{{"a", 1.0}, {"b", 2.0}}})
	if err != nil {
		t.Fatal(err)
	}
	values, steps := plan.Visitor(3)
	if values[1] != "b" || values[2] != 2.0 || len(values[0].(string)) != 36 || len(steps) != 1 {
		t.Fatal(values, steps)
	}
	if len(values) != 5 || (values[3] != "red" && values[4] != "red") {
		t.Fatal(values)
	}
	if _, err := written.compile([][][]any{{}}); err == nil {
		t.Fatal("a payload without rows")
	}
}
