package user

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/guregu/null.v3"

	"go.k6.io/k6/lib"

	"haproof/toolchain/k6/flow"
)

func planned(t *testing.T, flows string) *flow.Plan {
	t.Helper()
	directory := t.TempDir()
	file, rows := filepath.Join(directory, "flow.json"), filepath.Join(directory, "rows.json")
	text := `{"target": "http://h:81", "timeout_s": 2, "payloads": [{"fields": ["u"], "order": "sequence"}], "flows": ` + flows + `}`
	for name, content := range map[string]string{file: text, rows: `[[["a"], ["b"]]]`} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := flow.Read(file, rows)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestHeadersThatAVariableChangesAreEachVisitorsOwn(t *testing.T) {
	plan := planned(t, `[{"weight": 1, "steps": [{"repeat": {"rounds": 1, "counter": "n", "element": "n", "steps": [
		{"send": {"method": "GET", "url": ["/x"], "chance": 1, "headers": {"x-own": [["variable", "u"]], "host": ["v"]}}},
		{"send": {"method": "GET", "url": ["/y"], "chance": 1, "headers": {"x-all": ["same"]}}}]}}]}]`)
	state := &lib.State{Options: lib.Options{UserAgent: null.StringFrom("agent")}}
	visits, err := newVisits(plan, nil, state)
	if err != nil {
		t.Fatal(err)
	}
	if len(visits.fixed) != 1 {
		t.Fatal(len(visits.fixed))
	}
	for number, name := range []string{"a", "b"} {
		values, _ := plan.Visitor(uint64(number)) //nolint:gosec // an index
		one := &visitor{visits: visits, values: values}
		seen := 0
		for step := range plan.Sends() {
			made := one.composed(step)
			if made.header.Get("User-Agent") != "agent" {
				t.Fatal(made.header)
			}
			if own := made.header.Get("X-Own"); own != "" {
				seen++
				if own != name || made.host != "v" || made.url != "http://h:81/x" {
					t.Fatal(own, made.host, made.url)
				}
			}
		}
		if seen != 1 {
			t.Fatal(seen)
		}
	}
}

func TestOnlyTheTargetIsPutUnderLoad(t *testing.T) {
	visits, err := newVisits(planned(t, `[{"weight": 1, "steps": []}]`), nil, &lib.State{})
	if err != nil {
		t.Fatal(err)
	}
	for given, isAllowed := range map[string]bool{
		"http://h:81": true, "http://h:81/x": true, "http://h:81?x": true, "https://h/": true, "http://H:81/": true,
		"http://h:811/": false, "http://h:81@evil/": false, "http://h:81.evil/": false, "http://evil/": false, "ftp://h:81/": false,
	} {
		if err := visits.allow(given); (err == nil) != isAllowed {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func TestWhatIsCountedHasArtillerysNames(t *testing.T) {
	var found struct{ Counters map[string]int64 }
	counted := &tally{}
	counted.visits.Store(5)
	counted.completed.Store(3)
	counted.failed.Store(2)
	counted.requests.Store(9)
	counted.answers.Store(8)
	counted.errors.Store(1)
	file := filepath.Join(t.TempDir(), "totals.json")
	if err := counted.write(file, 7); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	for name, wanted := range map[string]int64{
		"vusers.created": 5, "vusers.completed": 3, "vusers.failed": 2, "vusers.skipped": 2,
		"http.requests": 9, "http.codes.all": 8, "errors.all": 1,
	} {
		if found.Counters[name] != wanted {
			t.Errorf("%s: %d, not %d", name, found.Counters[name], wanted)
		}
	}
}
