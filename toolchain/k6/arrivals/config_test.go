package arrivals

import (
	"fmt"
	"strings"
	"testing"

	"go.k6.io/k6/lib"
)

func parse(t *testing.T, more string) lib.ExecutorConfig {
	t.Helper()
	text := `{"executor": "planned-arrivals", "schedule": "s.json", "maxDuration": "9s"` + more + `}`
	config, err := lib.GetParsedExecutorConfig("users", Type, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestUsersAreMadeBeforeTheStartAndUpToAMost(t *testing.T) {
	config := parse(t, `, "ready": 20, "maxVUs": 300`)
	if found := config.Validate(); len(found) > 0 {
		t.Fatal(found)
	}
	first := config.GetExecutionRequirements(nil)[0]
	if first.PlannedVUs != 20 || first.MaxUnplannedVUs != 280 {
		t.Fatalf("%+v", first)
	}
}

func TestWhatContradictsItselfIsSaid(t *testing.T) {
	for more, says := range map[string]string{
		``:                             "ready must be at least 1, but is 0",
		`, "ready": 5, "maxVUs": 4`:    "maxVUs (4) can't be less than ready (5)",
		`, "ready": 1, "schedule": ""`: "the file with the schedule isn't specified",
	} {
		if found := fmt.Sprint(parse(t, more).Validate()); !strings.Contains(found, says) {
			t.Errorf("%s: %s", more, found)
		}
	}
}

func TestAScheduleThatIsNoneIsSaid(t *testing.T) {
	err := (&Executor{config: Config{}}).Init(t.Context())
	if err == nil || !strings.Contains(err.Error(), "cannot read the schedule") {
		t.Fatal(err)
	}
}
