package connect_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/insight/predict/survival"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/contract"
	"stamm/internal/record/customer"

	"github.com/google/go-cmp/cmp"
)

func (s *shop) segments(t *testing.T, asOf clock.Day, plan string) map[string]*survival.Segment {
	t.Helper()
	ctx := context.Background()
	if err := s.house.CatchUp(ctx, s.db); err != nil {
		t.Fatal(err)
	}
	all, err := survival.Contracts(ctx, s.house, asOf, plan)
	if err != nil {
		t.Fatal(err)
	}
	byCode := map[string]*survival.Segment{}
	for _, g := range all {
		byCode[g.Code] = g
	}
	return byCode
}

func (s *shop) undo(t *testing.T, run int64) *connect.Run {
	t.Helper()
	ctx := context.Background()
	var job int64
	err := s.db.Write(ctx, store.System(), func(tx *store.Tx) (err error) {
		job, err = connect.Undo(ctx, tx, run)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jobs.Wait(ctx, s.db, job, nil); err != nil {
		t.Fatal(err)
	}
	var r *connect.Run
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		r, err = connect.FindRun(ctx, tx, run)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTelcoGivesTheKnownCurves(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		path := data(t, "Telco-Customer-Churn.csv")
		run := s.run(t, sheet.Contracts, "", sheet.Options{}, path)
		if got, want := counts(run), [5]int64{7043, 7043, 0, 0, 0}; got != want || run.Plan.Files[0].Layout != "Telco Customer Churn" {
			t.Errorf("rows, new, changed, unchanged, errors = %v, want %v; layout %q", got, want, run.Plan.Files[0].Layout)
		}
		s.compareTelco(t)
		if got, want := counts(s.run(t, sheet.Contracts, "", sheet.Options{}, path)), [5]int64{7043, 0, 0, 7043, 0}; got != want {
			t.Errorf("the same file again: %v, want %v", got, want)
		}
		if undone := s.undo(t, run.ID); undone.State != connect.Undone || undone.Kept != 0 {
			t.Errorf("the undo: %s, kept %d", undone.State, undone.Kept)
		}
		if err := s.house.CatchUp(context.Background(), s.db); err != nil {
			t.Fatal(err)
		}
		if _, err := survival.Contracts(context.Background(), s.house, asOf(t, "2026-01-01"), ""); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("after the undo: %v", err)
		}
		var left int
		if err := s.db.Read(context.Background(), func(tx *store.Tx) error {
			return tx.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM contract) + (SELECT count(*) FROM customer)`).Scan(&left)
		}); err != nil || left != 0 {
			t.Errorf("after the undo %d contracts and customers are left, error %v", left, err)
		}
	})
}

func (s *shop) compareTelco(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(data(t, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Block struct {
			SBG struct {
				Telco map[string]json.RawMessage `json:"telco_right_censored"`
			}
		} `json:"contractual_and_special"`
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	segments := s.segments(t, asOf(t, "2026-01-01"), "")
	if len(segments) != 4 {
		t.Errorf("%d segments, want all and three plans", len(segments))
	}
	for _, code := range []string{"all", "month_to_month", "one_year"} {
		var want struct {
			N, Events int64
			Dropped   int64 `json:"n_tenure0_dropped"`
			LL        float64
			S12       float64 `json:"S_12"`
		}
		if err := json.Unmarshal(golden.Block.SBG.Telco[code], &want); err != nil {
			t.Fatal(err)
		}
		g := segments[code]
		fit := survival.FitSBG(g.Table)
		if g.Table.N != want.N || g.Table.Events != want.Events || g.Table.Dropped != want.Dropped || g.TenureOnly != want.N || g.Unseen != 0 {
			t.Errorf("%s: %+v, want %+v", code, g, want)
		}
		if math.Abs(fit.Survival(12)-want.S12) > 1e-4 || code != "one_year" && math.Abs(fit.LL-want.LL) > 1e-4 {
			t.Errorf("%s: S(12) %.6f, LL %.5f, want %.6f and %.5f", code, fit.Survival(12), fit.LL, want.S12, want.LL)
		}
	}
}

func TestAContractImportKilledAtAnyPointEndsInTheSameNumbers(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		folder := filepath.Join(t.TempDir(), "files")
		killImport(t, url, folder, sheet.Contracts, []string{data(t, "Telco-Customer-Churn.csv")}, 300)
		s := openWith(t, url, folder)
		var run *connect.Run
		err := s.db.Read(context.Background(), func(tx *store.Tx) (err error) {
			run, err = connect.FindRun(context.Background(), tx, 1)
			return err
		})
		if err != nil || run.State != connect.Done || counts(run) != [5]int64{7043, 7043, 0, 0, 0} {
			t.Fatalf("%+v, error %v", run, err)
		}
		s.compareTelco(t)
	})
}

// file writes a file and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "contracts.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const contractFile = "Vertragsnummer;Kundennummer;Tarif;Beginn;Ende;Kündigungsgrund\n" +
	"V1;7;Komfort;01.02.2024;31.01.2025;Umzug nach Bern\n" +
	"V2;7;Basis;15.03.2024;unbefristet;\n" +
	"V3;8;Basis;15.03.2024;14.06.2030;\n" +
	"V4;8;Basis;15.03.2024;14.03.2024;\n" +
	"V5;9;Basis;01.10.2025;;\n"

func (s *shop) contracts(t *testing.T) (all []string) {
	t.Helper()
	ctx := context.Background()
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		for id := range int64(20) {
			c, err := contract.Load(ctx, tx, id)
			if fault.CodeOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			end, tenure := "", ""
			if c.Ended != nil {
				end = c.Ended.String()
			}
			if c.Tenure != nil {
				tenure = "tenure"
			}
			all = append(all, strings.Join([]string{c.ExternalID, c.Plan, end, c.Reason, tenure}, "|"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func TestContractsComeInChangeAndGoBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		first := s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, contractFile))
		if got, want := counts(first), [5]int64{5, 4, 0, 0, 1}; got != want {
			t.Errorf("rows, new, changed, unchanged, errors = %v, want %v", got, want)
		}
		before := s.contracts(t)
		// as of 31 July 2025 V1 has ended after 12 months, V2 and V3 have run 16, and V5 has not begun
		g := s.segments(t, asOf(t, "2025-07-31"), "")
		want := []survival.Spell{{Length: 12, Ended: true, Count: 1}, {Length: 16, Count: 2}}
		if d := cmp.Diff(want, g["all"].Table.Sorted()); d != "" || g["all"].Table.N != 3 || g["basis"].Table.N != 2 {
			t.Error(d)
		}
		if one := s.segments(t, asOf(t, "2025-07-31"), "Komfort"); len(one) != 1 || one["komfort"].Table.Events != 1 {
			t.Errorf("one plan: %v", one)
		}
		ended := strings.Replace(contractFile, "V2;7;Basis;15.03.2024;unbefristet;", "V2;7;Basis;15.03.2024;14.09.2025;zu teuer", 1)
		second := s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, ended))
		if got, want := counts(second), [5]int64{5, 0, 1, 3, 1}; got != want {
			t.Errorf("after an end: %v, want %v", got, want)
		}
		if g := s.segments(t, asOf(t, "2025-12-31"), ""); g["all"].Table.Events != 2 {
			t.Errorf("after an end: %+v", g["all"].Table)
		}
		s.undo(t, second.ID)
		if d := cmp.Diff(before, s.contracts(t)); d != "" {
			t.Error("after the undo of the second:", d)
		}
		s.undo(t, first.ID)
		if left := s.contracts(t); len(left) != 0 {
			t.Error("after the undo of the first:", left)
		}
	})
}

func TestWhatHappensToAContractNowIsTold(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := open(t, url), context.Background()
		today := clock.DayOf(time.Now(), time.UTC)
		s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, contractFile)) // history; the source is live from now on
		end := today.AddDays(40)
		s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, "Vertragsnummer;Kundennummer;Tarif;Beginn;Ende;Kündigungsgrund\n"+
			"V2;7;Basis;15.03.2024;"+end.String()+";Geheimnis\nV9;9;Gold;"+today.AddDays(1).String()+";;\nV5;9;Premium;01.10.2025;;\n"))
		var told []string
		err := s.db.Read(ctx, func(tx *store.Tx) error {
			changes, _, err := feed.Read(ctx, tx, feed.Cursor{}, 1000)
			for _, c := range changes {
				if strings.HasPrefix(c.Kind, "contract.") {
					told = append(told, c.Kind)
					if c.Customer == 0 || c.Subject == 0 || c.Origin != feed.Live {
						t.Errorf("%+v", c)
					}
				}
				for _, secret := range []string{"Geheimnis", "Gold", "Umzug", "V9"} {
					if strings.Contains(string(c.Body), secret) {
						t.Errorf("%s tells %s: %s", c.Kind, secret, c.Body)
					}
				}
			}
			return err
		})
		slices.Sort(told)
		if d := cmp.Diff([]string{contract.KindChanged, contract.KindEnded, contract.KindStarted}, told); d != "" || err != nil {
			t.Error(d, err)
		}
	})
}

func TestAContractOfSomebodyErasedKeepsItsDaysAndLosesTheReason(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, ctx := open(t, url), context.Background()
		s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, contractFile))
		changed := strings.Replace(contractFile, "Umzug nach Bern", "Umzug nach Chur", 1)
		s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, changed))
		err := s.db.Write(ctx, store.System(), func(tx *store.Tx) error {
			c, err := contract.Load(ctx, tx, 1)
			if err != nil {
				return err
			}
			return customer.Erase(ctx, tx, c.Customer)
		})
		if err != nil {
			t.Fatal(err)
		}
		run := s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, changed))
		if got := s.contracts(t); got[0] != "V1|Komfort|2025-01-31||" {
			t.Errorf("%q", got)
		}
		if run.Notices != 2 || run.Unchanged != 2 || run.New+run.Changed != 0 {
			t.Errorf("the file again: %+v", run)
		}
		var old int
		if err := s.db.Read(ctx, func(tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM feed_value WHERE old LIKE '%Bern%'`).Scan(&old)
		}); err != nil || old != 0 {
			t.Errorf("the old reason is left %d times, error %v", old, err)
		}
	})
}

func TestMonthsAndDaysFillEachOther(t *testing.T) {
	s := open(t, storetest.SQLite(t))
	run := s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, "customer,plan,start,end,tenure,churned,reason\n"+
		"1,a,2024-01-15,,3,yes,x\n2,b,,2024-04-14,3,yes,\n3,c,2024-01-15,,,yes,\n4,d,2024-01-15,2024-04-14,,no,\n5,e,,,3,no,\n6,f,2024-01-15,,3,no,\n7,g,,,2000,no,\n"))
	want := []string{"|a|2024-04-14|x|", "|b|2024-04-14||", "|d|||", "|e|||tenure", "|f|||"}
	if d := cmp.Diff(want, s.contracts(t)); d != "" {
		t.Error(d)
	}
	if run.Errors != 2 || run.Notices != 1 {
		t.Errorf("errors %d, notices %d", run.Errors, run.Notices)
	}
	if g := s.segments(t, asOf(t, "2024-12-31"), "")["a"]; g.Table.Sorted()[0] != (survival.Spell{Length: 3, Ended: true, Count: 1}) {
		t.Errorf("%+v", g.Table.Sorted())
	}
}

func TestASourceThatBeginsInTheMiddleOfLivesIsNoticed(t *testing.T) {
	s := open(t, storetest.SQLite(t))
	rows := func(first, last int) string { // a contract begins each month; one in twenty ends a month, but none before 2025 is there
		var b strings.Builder
		b.WriteString("contract,customer,start,end\n")
		for i := first; i < last; i++ {
			start := clock.NewDay(2018, 1, 10).AddMonths(i / 12)
			end := ""
			if at := start.AddMonths(6 * (1 + i%12)); at >= clock.NewDay(2025, 1, 1) && at < clock.NewDay(2026, 1, 1) {
				end = at.String()
			}
			b.WriteString(strings.Join([]string{"V" + strconv.Itoa(i), strconv.Itoa(i), start.String(), end}, ",") + "\n")
		}
		return b.String()
	}
	s.run(t, sheet.Contracts, "", sheet.Options{}, file(t, rows(0, 1000)))
	if g := s.segments(t, asOf(t, "2025-12-31"), "")["all"]; g.Unseen < 20 || g.TenureOnly != 0 {
		t.Errorf("unseen ends %v", g.Unseen)
	}
	other := open(t, storetest.SQLite(t))
	other.run(t, sheet.Contracts, "", sheet.Options{}, file(t, rows(996, 2000)))
	if g := other.segments(t, asOf(t, "2025-12-31"), "")["all"]; g.Unseen > 5 {
		t.Errorf("a source that begins with its first contract: unseen ends %v", g.Unseen)
	}
}
