package flow

import "testing"

func TestAPathLeadsWhereJavaScriptHasSomethingOfItsOwn(t *testing.T) {
	body := `{"list": ["a", "b"], "text": "aé😀", "empty": "", "object": {"0": "zero"}, "number": 7}`
	for _, one := range []struct {
		path  []any
		found any
	}{
		{[]any{"list", "length"}, 2.0},
		{[]any{"list", "1"}, "b"},
		{[]any{"list", 1.0}, "b"},
		{[]any{"list", 2.0}, Undefined{}},
		{[]any{"list", "01"}, Undefined{}},
		{[]any{"text", 1.0}, "é"},
		{[]any{"text", "length"}, 4.0}, // of which the face is two
		{[]any{"empty", "length"}, Undefined{}},
		{[]any{"object", 0.0}, "zero"},
		{[]any{"object", "length"}, Undefined{}},
		{[]any{"number", "length"}, Undefined{}},
	} {
		if found := (Finding{JSON: one.path}).In(nil, body); found != one.found {
			t.Errorf("%v: %v instead of %v", one.path, found, one.found)
		}
	}
}
