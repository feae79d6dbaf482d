package sheet_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"stamm/internal/door/connect/sheet"
)

// dataFolder is the folder of real data, found from the environment or above the working directory.
func dataFolder(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("STAMM_DATA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		data := filepath.Join(dir, "shared", "data")
		if info, err := os.Stat(data); err == nil && info.IsDir() {
			return data
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no folder shared/data above the working directory")
		}
		dir = up
	}
}

// survey prepares and surveys files and stops the test if anything is left open.
func survey(t testing.TB, kind sheet.Kind, o sheet.Options, inputs ...sheet.Input) (*sheet.Files, *sheet.Survey) {
	t.Helper()
	files := &sheet.Files{Inputs: inputs}
	plan, err := files.Prepare(context.Background(), kind, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := files.Survey(context.Background(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return files, s
}

func onlineRetail(t testing.TB) []sheet.Input {
	var inputs []sheet.Input
	for _, month := range []string{"2010-12", "2011-01", "2011-02", "2011-03", "2011-04", "2011-05"} {
		inputs = append(inputs, sheet.Path(filepath.Join(dataFolder(t), "online_retail_"+month+".csv.gz")))
	}
	return inputs
}

func TestOnlineRetailIsReadToTheCent(t *testing.T) {
	files, s := survey(t, sheet.Orders, sheet.Options{Currency: "GBP", Zone: "Europe/London"}, onlineRetail(t)...)
	var rows, anonymous, sales, cents, refunds, returns int64
	err := files.Orders(context.Background(), s, 0, func(r *sheet.OrderRow) error {
		rows++
		switch {
		case r.Customer == "":
			anonymous++
		case r.Kind == "return":
			returns++
			refunds += r.Amount.N
		case r.Quantity.N > 0 && r.UnitPrice.N > 0:
			sales++
			cents += r.Amount.N
		}
		return nil
	}, func(e sheet.RowError) error {
		t.Errorf("%+v", e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"rows", rows, 209029}, {"rows surveyed", s.Rows, 209029}, {"rows without customer", anonymous, 59976}, {"sale rows", sales, 145450},
		{"gross value", cents, 3332591_96}, {"refund rows", returns, 3590}, {"refund value", refunds, -212103_87},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}
