package contract_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/contract"

	"github.com/google/go-cmp/cmp"
)

func day(year, month, d int) *clock.Day { return new(clock.NewDay(year, time.Month(month), d)) }

func upsert(t *testing.T, db *store.DB, run int64, all ...*contract.Contract) contract.Written {
	t.Helper()
	var w contract.Written
	err := db.Write(context.Background(), store.System(), func(tx *store.Tx) (err error) {
		w, err = contract.Upsert(context.Background(), tx, run, 1, all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func load(t *testing.T, db *store.DB, id int64) (c *contract.Contract) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		c, err = contract.Load(context.Background(), tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAContractIsKnownByNumberOrByCustomerPlanAndFirstDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		numbered := func(end *clock.Day, plan string) *contract.Contract {
			return &contract.Contract{ExternalID: "V1", Customer: 7, Plan: plan, Started: day(2024, 2, 1), Ended: end}
		}
		plain := func(plan, reason string) *contract.Contract {
			return &contract.Contract{Customer: 7, Plan: plan, Started: day(2024, 2, 1), Reason: reason}
		}
		first := upsert(t, db, 1, numbered(nil, "a"), plain("a", ""), plain("b", ""), plain("b", "said twice"))
		if first.New != 3 || first.Changed != 1 || len(first.Made) != 3 {
			t.Errorf("%+v", first)
		}
		if c := load(t, db, first.Made[2]); c.Reason != "said twice" || c.MadeRun != 1 {
			t.Errorf("of two rows about one contract counts %+v", c)
		}
		again := upsert(t, db, 2, numbered(nil, "a"), plain("a", ""), plain("b", "said twice"))
		if again.Unchanged != 3 || len(again.Rows)+len(again.Old)+len(again.News) != 0 {
			t.Errorf("the same again: %+v", again)
		}
		ended := upsert(t, db, 3, numbered(day(2024, 7, 31), "c"))
		want := []contract.News{{Kind: contract.KindEnded, Contract: first.Made[0], Customer: 7, Day: day(2024, 7, 31)}}
		if d := cmp.Diff(want, ended.News); d != "" || ended.Changed != 1 {
			t.Error(d)
		}
		renamed := upsert(t, db, 4, numbered(day(2024, 8, 31), "d"))
		want = []contract.News{{Kind: contract.KindChanged, Contract: first.Made[0], Customer: 7, Fields: []string{"plan", "end"}}}
		if d := cmp.Diff(want, renamed.News); d != "" {
			t.Error(d)
		}
	})
}

func TestOnlyWhatNobodyChangedSinceIsTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := func(number, plan string) *contract.Contract {
			return &contract.Contract{ExternalID: number, Customer: 7, Plan: plan, Tenure: new(int64(3))}
		}
		first := upsert(t, db, 1, c("1", "a"), c("2", "a"), c("3", "a"))
		second := upsert(t, db, 2, c("1", "b"), c("2", "b"))
		upsert(t, db, 3, c("1", "c"))
		revert := func(run int64, w contract.Written) (kept []int64) {
			err := db.Write(context.Background(), store.System(), func(tx *store.Tx) (err error) {
				var made []feed.Range
				if len(w.Made) > 0 {
					made = feed.Ranges(w.Made)
				}
				kept, _, err = contract.Revert(context.Background(), tx, run, made, w.Old)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return kept
		}
		if d := cmp.Diff(first.Made[:1], revert(2, second)); d != "" {
			t.Error("kept of the second:", d)
		}
		if a, b := load(t, db, first.Made[0]), load(t, db, first.Made[1]); a.Plan != "c" || b.Plan != "a" || *b.Tenure != 3 {
			t.Errorf("%+v %+v", a, b)
		}
		if d := cmp.Diff(first.Made[:1], revert(1, first)); d != "" {
			t.Error("kept of the first:", d)
		}
		err := db.Read(context.Background(), func(tx *store.Tx) error {
			left, err := contract.OfCustomer(context.Background(), tx, 7)
			if err != nil || len(left) != 1 || left[0].Plan != "c" {
				t.Errorf("left: %+v, %v", left, err)
			}
			has, err := contract.Customers(context.Background(), tx, []feed.Range{{1, 9}})
			if err != nil || !has[7] || len(has) != 1 {
				t.Errorf("customers with contracts: %v, %v", has, err)
			}
			_, err = contract.Load(context.Background(), tx, first.Made[1])
			if fault.CodeOf(err) != fault.NotFound {
				t.Errorf("what was made is still there: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatCannotBeIsRefusedWithItsField(t *testing.T) {
	for name, c := range map[string]struct {
		contract contract.Contract
		key      string
		field    string
	}{
		"no start":      {contract.Contract{}, "contract.no_start", "start"},
		"ends before":   {contract.Contract{Started: day(2024, 2, 1), Ended: day(2024, 1, 31)}, "contract.ends_before", "end"},
		"months below":  {contract.Contract{Tenure: new(int64(-1))}, "contract.tenure", "tenure"},
		"months beyond": {contract.Contract{Tenure: new(int64(1201))}, "contract.tenure", "tenure"},
		"long plan":     {contract.Contract{Started: day(2024, 2, 1), Plan: strings.Repeat("x", 201)}, "errors.too_long", "plan"},
		"long reason":   {contract.Contract{Started: day(2024, 2, 1), Reason: strings.Repeat("x", 2001)}, "errors.too_long", "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fault.As(c.contract.Validate())
			if f == nil || f.Code != fault.Invalid || f.Key != c.key || f.Field != c.field {
				t.Errorf("%v, want %s on %s", f, c.key, c.field)
			}
		})
	}
	if err := (&contract.Contract{Started: day(2024, 2, 1), Ended: day(2024, 2, 1)}).Validate(); err != nil {
		t.Errorf("a contract of one day: %v", err)
	}
}
