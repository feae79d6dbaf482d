package filter_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
)

// wrong fails unless err is an Invalid fault of that key whose message is whole in both languages.
func wrong(t *testing.T, about string, err error, key string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != fault.Invalid || f.Key != "filter.error."+key {
		t.Errorf("%.80s: %v, want %s", about, err, key)
		return
	}
	for _, lang := range i18n.Languages() {
		if text := i18n.For(lang, nil).Err(err); strings.ContainsAny(text, "⟦⟧") || text == i18n.For(lang, nil).T("errors.invalid") {
			t.Errorf("%.80s: %s: %s", about, lang, text)
		}
	}
}

func TestWhatCannotBeReadIsSaidWithItsPlace(t *testing.T) {
	c := catalogue(t)
	for _, tt := range []struct{ text, key string }{
		{`country = `, "value_end"},
		{`country = and`, "keyword"},
		{`country DE`, "comparison"},
		{`country`, "comparison_end"},
		{`contry = DE`, "field_near"},
		{`zzzzzzzz = DE`, "field"},
		{`country = DE DE`, "rest"},
		{`(country = DE`, "expected_end"},
		{`country = DE)`, "rest"},
		{`country = "DE`, "open_quote"},
		{`country = DE and`, "condition_end"},
		{`and country = DE`, "condition"},
		{`country ~ DE`, "sign"},
		{`revenue / orders > 3`, "arithmetic"},
		{`orders / 0 > 3`, "arithmetic"},
		{`country > DE`, "operator"},
		{`country contains D`, "operator"},
		{`orders >= many`, "number"},
		{`orders(last) > 1`, "whole"},
		{`orders(last 3) > 1`, "unit"},
		{`orders(last 3 moons) > 1`, "unit"},
		{`orders(last 3 d, since 2026-01-01) > 1`, "window_twice"},
		{`orders(colour = red) > 1`, "parameter"},
		{`points(last 3 d) > 1`, "no_window"},
		{`points(3) > 1`, "no_arguments"},
		{`born = 2026-02-31`, "date"},
		{`chance fell(30 d) by 10 %`, "window"},
		{`chance fell(last 30 d)`, "expected_end"},
		{`chance fell(last 30 d) by 0 %`, "no_change"},
		{`chance > 300 %`, "share_range"},
		{`share("x") < -0.1`, "share_range"},
		{`chance fell(last 30 d) by -5 %`, "no_change"},
		{`chance rose(until 2026-01-01) by 10 %`, "change_window"},
		{`points fell(last 30 d) by 1`, "operator"},
		{`orders between 5 and 1`, "reversed"},
		{`revenue between 20 EUR and 10.50`, "reversed"},
		{`chance between 50 % and 0.1`, "reversed"},
		{`joined between 2026-02-01 and 2026-01-01`, "reversed"},
		{`joined between today and today - 30 d`, "reversed"},
		{`joined between today + 2 months and today + 1 month`, "reversed"},
		{`orders(between 2026-02-01 and 2026-01-01) > 1`, "reversed"},
		{`orders(between today - 7 d and today - 1 year)`, "reversed"},
		{`born within last 400 d`, "anniversary_span"},
		{`born = soon`, "moment"},
		{`born = 29.02.2024`, "date"},
		{`born < 2/29/2024`, "date"},
		{`born within next 400 d`, "anniversary_span"},
		{`born within next 0 d`, "span"},
		{`orders(last 999 years) > 1`, "span"},
		{`orders(last 999999999 d) > 1`, "span"},
		{`orders(last 99999999999999999999 d) > 1`, "whole"},
		{`joined = 1200-01-01`, "day"},
		{`vip = perhaps`, "flag"},
		{`revenue > 200 USD`, "currency"},
		{`revenue > 200 XYZ`, "currency_unknown"},
		{`points > 99999999999999999999`, "too_large"},
		{`points > 10 %`, "kind"},
		{`level = bronze`, "choice"},
		{`name = 3M`, "quote"},
		{`name = ""`, "empty_text"},
		{`name = "` + strings.Repeat("ä", 201) + `"`, "value_too_long"},
		{"name = \"a\x00b\"", "control"},
		{"name = \"\xff\"", "no_utf8"},
		{`at least 0 of (vip; vip)`, "at_least"},
		{`at least 3 of (vip; vip)`, "at_least"},
		{`in vip`, "member"},
		{`share("") < 10 %`, "empty_text"},
		{strings.Repeat("(", 10_000) + "vip" + strings.Repeat(")", 10_000), "depth"},
		{strings.Repeat("not ", 10_000) + "vip", "depth"},
		{strings.Repeat("vip and ", 5_000) + "vip", "nodes"},
		{strings.Repeat(" ", 70_000) + "vip", "text_too_long"},
		{"points in (" + strings.Repeat("1,", 10_000) + "1)", "list"},
	} {
		begin := time.Now()
		_, err := filter.Parse(tt.text, c)
		wrong(t, tt.text, err, tt.key)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%.40s took %s", tt.text, took)
		}
	}
	for _, text := range []string{`country = Germany`, `country in (DE, Deutschland)`, `language = German`} {
		_, err := filter.Parse(text, shop(t))
		wrong(t, text, err, "code")
	}
	_, err := filter.Parse("country = DE and contry = AT", c)
	if got, want := i18n.For("de", nil).Err(err), "Ein Feld „contry“ (Stelle 18) gibt es nicht. Meinten Sie „country“?"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestBoundsOfWhichOneMovesAreRefusedOnDaysOnWhichTheyStandTheWrongWayRound(t *testing.T) {
	c := catalogue(t)
	day := clock.NewDay(2026, 11, 23)
	for _, tt := range []struct {
		text string
		bad  bool
	}{
		{`joined between today and 2020-01-01`, true},
		{`joined between 2026-11-24 and today`, true},
		{`joined between today - 30 d and 2026-10-23`, true},
		{`vip or not (orders(between today and 2020-01-01) >= 1)`, true},
		{`joined between today - 30 d and 2026-10-24`, false},
		{`joined between 2026-11-23 and today`, false},
		{`orders(between 2020-01-01 and today) >= 1`, false},
		{`orders(between today and 2027-01-01) >= 1`, false},
	} {
		tree, err := filter.Parse(tt.text, c)
		if err != nil {
			t.Fatal(err)
		}
		switch err = filter.Reversed(tree, day); {
		case tt.bad:
			wrong(t, tt.text, err, "reversed")
		case err != nil:
			t.Errorf("%s: %v", tt.text, err)
		}
		if _, err := filter.Compile(tree, c, day, filter.Options{}); err != nil {
			t.Errorf("%s, saved before: %v", tt.text, err)
		}
	}
}

func TestAPeriodThatIsToComeIsTold(t *testing.T) {
	c := catalogue(t)
	day := clock.NewDay(2026, 11, 23)
	for text, want := range map[string]string{
		`orders(since 2026-11-24) = 0`:                           `“orders(since 2026-11-24) = 0”: this period begins only on 24 Nov 2026, so nothing counts in it yet.`,
		`vip and revenue(between 2027-01-01 and 2027-12-31) > 5`: `“revenue(between 2027-01-01 and 2027-12-31) > 5 EUR”: this period begins only on 1 Jan 2027, so nothing counts in it yet.`,
		`orders(since today + 2 d) >= 1`:                         `“orders(since today + 2 d) >= 1”: this period begins only on 25 Nov 2026, so nothing counts in it yet.`,
		`orders(since 2026-11-23) >= 1`:                          "",
		`orders(until 2027-01-01) >= 1`:                          "",
		`joined > 2027-01-01 and orders(last 30 d) >= 1`:         "",
	} {
		tree, err := filter.Parse(text, c)
		if err != nil {
			t.Fatal(err)
		}
		q, err := filter.Compile(tree, c, day, filter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(q.Ahead(i18n.For("en", nil)), "|"); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestWhatIsNoTreeIsSaid(t *testing.T) {
	c := catalogue(t)
	deep := strings.Repeat(`{"not":`, 10_000) + `{"field":"vip","is":"=","value":true}` + strings.Repeat(`}`, 10_000)
	for _, tt := range []struct{ json, key string }{
		{`{"and":[]}`, "empty_part"},
		{`{"and":[{}]}`, "empty_part"},
		{`{"field":"gone","is":"=","value":1}`, "gone"},
		{`{"field":"vip","is":"~","value":1}`, "operator_field"},
		{`{"field":"vip","is":"=","value":1}`, "kind"},
		{`{"field":"vip","is":"="}`, "operands"},
		{`{"field":"points","is":"between","value":1}`, "operands"},
		{`{"field":"points","is":"between","values":[1,2,3]}`, "operands"},
		{`{"field":"points","is":"between","values":[3,2]}`, "reversed"},
		{`{"field":"orders","window":{"between":["2026-02-01","2026-01-01"]},"is":">=","value":1}`, "reversed"},
		{`{"field":"born","is":"within next"}`, "operands"},
		{`{"field":"born","is":"within next","span":"P-1D"}`, "json"},
		{`{"field":"born","is":"within next","span":"PT3H"}`, "span"},
		{`{"field":"orders","with":[{"field":"color","is":"=","value":"x"}],"is":">","value":1}`, "parameter_gone"},
		{`{"field":"orders","with":[{"and":[]}],"is":">","value":1}`, "json_form"},
		{`{"field":"share","is":"<","value":0.1}`, "share_salt"},
		{`{"field":"segment","is":"=","value":"a"}`, "segment_form"},
		{`{"and":[],"or":[]}`, "json_form"},
		{`{"at_least":5,"of":[{"field":"vip","is":"=","value":true}]}`, "at_least"},
		{`{"of":[]}`, "json_form"},
		{`{"is":"="}`, "json_form"},
		{`{"colour":"red"}`, "json"},
		{`[]`, "json"},
		{`{"field":"points","is":"=","value":1e300}`, "too_large"},
		{`{"field":"points","is":"=","value":{"percent":1}}`, "kind"},
		{`{"field":"revenue","is":"=","value":{"amount":"1","currency":"CHF"}}`, "currency"},
		{deep, "depth"},
		{`"` + strings.Repeat("x", filter.MaxJSON) + `"`, "json_too_long"},
	} {
		var tree filter.Tree
		err := json.Unmarshal([]byte(tt.json), &tree)
		if err == nil {
			err = filter.Check(tree, c)
		}
		if tt.json == deep {
			err = tree.UnmarshalJSON([]byte(deep)) // encoding/json itself goes no deeper than that
		}
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Errorf("%.80s: %v", tt.json, err)
			continue
		}
		if tt.key == "json" && f.Key != "filter.error.json" { // a value's own fault says more
			continue
		}
		wrong(t, tt.json, err, tt.key)
	}
}

func TestSegmentsThatGoInCirclesAreRefusedWithTheChain(t *testing.T) {
	c := catalogue(t)
	tree := func(text string) filter.Tree {
		parsed, err := filter.Parse(text, c)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	named := map[string]filter.Tree{"a": tree(`vip and in segment b`), "b": tree(`not in segment c`), "c": tree(`in segment a`), "self": tree(`in segment self`)}
	for i := range 20 {
		named[fmt.Sprintf("wide%d", i)] = tree(fmt.Sprintf(`in segment wide%d or in segment wide%d`, i+1, i+1))
	}
	named["wide20"] = tree(`vip`)
	broken := tree(`vip`)
	broken.Is.Field = "gone"
	named["broken"], named["holder"] = broken, tree(`in segment broken`)
	find := filter.Options{Segment: func(key string) (filter.Tree, error) {
		found, ok := named[key]
		if !ok {
			return found, fault.New(fault.NotFound, "errors.notfound")
		}
		return found, nil
	}}
	for text, key := range map[string]string{"in segment a": "cycle", "in segment self": "cycle", "in segment nobody": "segment_gone",
		"in segment wide0": "inside", "in segment holder": "inside"} {
		_, err := filter.Compile(tree(text), c, noon, find)
		wrong(t, text, err, key)
		if key == "cycle" && text == "in segment a" && !strings.Contains(err.Error(), "a → b → c → a") {
			t.Errorf("the chain is not named: %v", err)
		}
	}
	_, err := filter.Compile(tree("in segment a"), c, noon, filter.Options{})
	wrong(t, "without segments", err, "no_segments")
}

func TestValuesAreNeverSQL(t *testing.T) {
	c, w := catalogue(t), newWorld(t, 5, 20)
	for _, value := range []string{`x' OR 1=1 --`, `"; DROP TABLE person; --`, `%`, `_`, `(a+)+$`, `\`, `$1`, `{filter}`, `{asof}`, strings.Repeat("(a|a)*", 33)} {
		for _, is := range []filter.Operator{filter.Equal, filter.Contains, filter.StartsWith, filter.In} {
			tree := filter.Tree{Is: &filter.Condition{Field: "name", Is: is, Values: []filter.Value{{Text: value}}}}
			q, err := filter.Compile(tree, c, noon, filter.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			for _, p := range w.people {
				if !p.excluded && meets(tree, p, noon, nil) {
					want++
				}
			}
			if n := w.numbers(t, q.Count()); int(n[0]) != want {
				t.Errorf("%s %q: %d, want %d", is, value, n[0], want)
			}
			if text := q.Count().Text; strings.Contains(text, value) && len(value) > 3 {
				t.Errorf("%q stands in the SQL", value)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	c := catalogue(f)
	for _, text := range []string{`country = DE and orders(last 365 d) >= 3`, `not (name contains "öl" or points in (1, 2.5))`, `at least 2 of (vip; born within next 14 d)`,
		`orders(product = "ESP-1", since today - 30 d) = 0`, `in segment "a" or not in segment b`, `share("x") < 10 %`, `revenue > -3.5 EUR`, `level changed(between today - 2 w and today)`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := filter.Parse(text, c)
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		canonical := filter.Text(tree)
		again, err := filter.Parse(canonical, c)
		if err != nil {
			if len(canonical) > filter.MaxText {
				return
			}
			t.Fatalf("%q is written as %q: %v", text, canonical, err)
		}
		if twice := filter.Text(again); twice != canonical {
			t.Fatalf("%q, then %q", canonical, twice)
		}
		for _, lang := range i18n.Languages() {
			if s := filter.Sentence(i18n.For(lang, nil), tree, c, nil); strings.Contains(s, "⟦") && !strings.Contains(text, "⟦") {
				t.Fatalf("%q: %s", text, s)
			}
		}
		if len(tree.Segments()) == 0 {
			if _, err := filter.Compile(tree, c, noon, filter.Options{}); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	c := catalogue(f)
	for _, text := range []string{`{"and":[{"field":"country","is":"=","value":"DE"},{"not":{"field":"orders","window":{"last":"P365D"},"is":">=","value":3}}]}`,
		`{"at_least":1,"of":[{"field":"revenue","window":{"between":["2026-01-01","today-P3D"]},"is":">","value":{"amount":"200.00","currency":"EUR"}}]}`, `{}`,
		`{"field":"born","is":"within next","span":"P14D"}`, `{"field":"chance","is":"in","values":[0.5,{"percent":10}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tree filter.Tree
		if err := json.Unmarshal(data, &tree); err != nil || filter.Check(tree, c) != nil {
			return
		}
		out, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		var back filter.Tree
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%s is written as %s: %v", data, out, err)
		}
		if filter.Text(tree) != filter.Text(back) {
			t.Fatalf("%s\n%s", filter.Text(tree), filter.Text(back))
		}
		if text := filter.Text(tree); len(text) <= filter.MaxText {
			if _, err := filter.Parse(text, c); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	})
}
