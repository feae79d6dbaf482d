package connect_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stamm/internal/action/coupon"
	"stamm/internal/action/program"
	"stamm/internal/door/connect"
	"stamm/internal/door/connect/sheet"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/jobs"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
	"stamm/internal/record/document"
)

// voucherShop is a shop with a measure whose coupons come back with the orders of files.
type voucherShop struct {
	*shop
	t       *testing.T
	folder  string
	measure int64
}

func openVouchers(t *testing.T, url string) *voucherShop {
	s := &voucherShop{shop: open(t, url), t: t, folder: t.TempDir()}
	s.write(func(ctx context.Context, tx *store.Tx) error {
		first := clock.NewDay(2026, 11, 1)
		id, err := program.Create(ctx, tx, program.Measure{Name: "Herbst", Start: first, Control: 100})
		s.measure = id
		return err
	})
	return s
}

func (s *voucherShop) write(fn func(context.Context, *store.Tx) error) {
	s.t.Helper()
	if err := s.db.Write(context.Background(), store.System(), func(tx *store.Tx) error { return fn(context.Background(), tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// coupon makes a coupon of ten per cent.
func (s *voucherShop) coupon(c coupon.Coupon) *coupon.Coupon {
	s.t.Helper()
	c.Name, c.Kind, c.Value, c.Measure = "Zehn", coupon.Percent, 10_00, s.measure
	s.write(func(ctx context.Context, tx *store.Tx) error { return coupon.Create(ctx, tx, &c) })
	return &c
}

// file imports orders: number, customer, amount, code.
func (s *voucherShop) file(name string, orders ...string) *connect.Run {
	s.t.Helper()
	return s.rows(name, "Bestellnummer;Kundennummer;Datum;Betrag;Gutschein", orders)
}

func (s *voucherShop) rows(name, head string, orders []string) *connect.Run {
	s.t.Helper()
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte(head+"\n"+strings.Join(orders, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.run(s.t, sheet.Orders, "shop", sheet.Options{}, path)
}

// now is the state of a coupon in words: redemptions, what they took off, what the measure bears.
func (s *voucherShop) now(id int64) string {
	s.t.Helper()
	ctx, text := context.Background(), ""
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		c, err := coupon.Load(ctx, tx, id)
		if err != nil {
			return err
		}
		list, err := coupon.Redemptions(ctx, tx, id, 0, 1000)
		if err != nil {
			return err
		}
		costs, err := program.Costs(ctx, tx, s.measure)
		if err != nil {
			return err
		}
		sum := int64(0)
		for _, cost := range costs {
			sum += cost.Amount
		}
		text = fmt.Sprintf("%d/%d redeemed, %d off, %d borne", c.Redeemed, len(list), c.Granted, sum)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *voucherShop) is(about string, id int64, want string) {
	s.t.Helper()
	if got := s.now(id); got != want {
		s.t.Errorf("%s: %s, want %s", about, got, want)
	}
}

func (s *voucherShop) remarks(run *connect.Run) (all []string) {
	s.t.Helper()
	err := s.db.Read(context.Background(), func(tx *store.Tx) error {
		list, err := connect.Errors(context.Background(), tx, run.ID, 0, 100)
		for _, e := range list {
			all = append(all, fmt.Sprintf("%d %s %s %v", e.Line, e.Value, e.Key, e.Notice))
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func (s *voucherShop) undo(run *connect.Run) {
	s.t.Helper()
	ctx := context.Background()
	var job int64
	s.write(func(ctx context.Context, tx *store.Tx) (err error) {
		job, err = connect.Undo(ctx, tx, run.ID)
		return err
	})
	if _, err := jobs.Wait(ctx, s.db, job, nil); err != nil {
		s.t.Fatal(err)
	}
}

func TestImportedOrdersRedeemTheirCoupons(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := openVouchers(t, url)
		c := s.coupon(coupon.Coupon{Code: "HERBST", Most: 3, Once: true})
		rows := []string{"1;K1;2026-11-03;100,00;herbst", "2;K2;2026-11-03;50,00;HERBST", "3;K3;2026-11-04;20,00;", "4;K4;2026-11-04;20,00;NIEDA",
			"5;K2;2026-11-05;10,00;HERBST", "6;K6;2026-11-05;30,00;HERBST", "7;K7;2026-11-06;40,00;HERBST, NIEDA"}
		run := s.file("orders.csv", rows...)
		s.is("after the import", c.ID, "3/3 redeemed, 1800 off, 1800 borne")
		want := []string{"5 NIEDA coupon.error.unknown true", "6 HERBST coupon.error.once true", "8 HERBST coupon.error.used_up true", "8 NIEDA coupon.error.unknown true"}
		if diff := cmp.Diff(want, s.remarks(run)); diff != "" || run.New != 7 || run.Errors != 0 {
			t.Errorf("%d orders, %d errors, remarks (-want +got)\n%s", run.New, run.Errors, diff)
		}
		again := s.file("orders.csv", rows...)
		if s.is("the same file again", c.ID, "3/3 redeemed, 1800 off, 1800 borne"); again.Unchanged != 7 {
			t.Errorf("again: %d unchanged", again.Unchanged)
		}

		// A correction: 1 never showed the code, and 7 gets what became free; then the correction is taken back.
		second := s.file("second.csv", "1;K1;2026-11-03;100,00;", "7;K7;2026-11-06;40,00;HERBST")
		s.is("corrected", c.ID, "3/3 redeemed, 1200 off, 1200 borne")
		s.undo(second)
		s.is("the correction undone", c.ID, "3/3 redeemed, 1800 off, 1800 borne")

		// A file without codes leaves them; a cancelled order gives its code back.
		s.rows("third.csv", "Bestellnummer;Kundennummer;Datum;Betrag;Status", []string{"1;K1;2026-11-03;101,00;bezahlt", "2;K2;2026-11-03;50,00;storniert"})
		s.is("cancelled", c.ID, "2/2 redeemed, 1300 off, 1300 borne")
		s.rows("fourth.csv", "Bestellnummer;Kundennummer;Datum;Betrag;Art;Bezug", []string{"R1;K1;2026-11-09;101,00;Retoure;1", "R6;K6;2026-11-09;10,00;Retoure;6"})
		s.is("returned as a whole, and in part", c.ID, "1/1 redeemed, 300 off, 300 borne")

		s.undo(run)
		ctx := context.Background()
		if err := s.db.Read(ctx, func(tx *store.Tx) error {
			list, err := coupon.Redemptions(ctx, tx, c.ID, 0, 10)
			for _, r := range list {
				if _, err := document.Load(ctx, tx, r.Document); err != nil {
					return err
				}
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		s.is("everything undone", c.ID, "0/0 redeemed, 0 off, 0 borne")
	})
}

func TestTheLastCodeIsRedeemedOnceByFilesAndTheAPIAtOnce(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := openVouchers(t, url)
		c := s.coupon(coupon.Coupon{Code: "LETZTE", Most: 5})
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() {
				_ = s.db.Write(context.Background(), store.System(), func(tx *store.Tx) error {
					_, err := coupon.Redeem(context.Background(), tx, coupon.Claim{Code: "letzte", Order: fmt.Sprintf("shop/L%d", i), Amount: money.Of(1000, "EUR")})
					return err
				})
			})
		}
		rows := make([]string, 40)
		for i := range rows {
			rows[i] = fmt.Sprintf("L%d;K%d;2026-11-03;10,00;LETZTE", i, i)
		}
		s.file("last.csv", rows...)
		wait.Wait()
		s.is("after the rush", c.ID, "5/5 redeemed, 500 off, 500 borne")
	})
}

func TestOwnCodesOfThousandsOfOrdersAreRedeemedInOneImport(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := openVouchers(t, url)
		c := s.coupon(coupon.Coupon{})
		var codes []string
		s.write(func(ctx context.Context, tx *store.Tx) error {
			customers := make([]int64, 900)
			for i := range customers {
				customers[i] = int64(i + 1)
			}
			var err error
			codes, err = coupon.Give(ctx, tx, c.ID, s.measure, customers)
			return err
		})
		rows := make([]string, 2500)
		for i := range rows {
			rows[i] = fmt.Sprintf("M%d;K%d;2026-11-03;10,00;%s", i, i, codes[i%len(codes)])
		}
		run := s.file("many.csv", rows...)
		s.is("each code once", c.ID, "900/900 redeemed, 90000 off, 90000 borne")
		if run.Notices != 1600 {
			t.Errorf("%d remarks, want 1600", run.Notices)
		}
		s.undo(run)
		s.is("undone", c.ID, "0/0 redeemed, 0 off, 0 borne")
	})
}

func TestCouponColumnsAreFoundUnderTheirUsualNames(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"Gutschein", "Gutscheincode", "Coupon Code", "Discount Code", "voucher code", "Rabattcode", "Promo Code"} {
		path := filepath.Join(t.TempDir(), "orders.csv")
		text := "Bestellnummer;Kundennummer;Datum;Betrag;" + head + "\n1;K1;2026-11-03;10,00;HERBST\n2;K2;2026-11-04;10,00;\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files := &sheet.Files{Inputs: []sheet.Input{sheet.Path(path)}}
		plan, err := files.Prepare(context.Background(), sheet.Orders, sheet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(plan.Files[0].Columns, func(c sheet.Column) bool { return c.Field == "coupon" && c.Index == 4 }) {
			t.Errorf("%s: columns %v", head, plan.Files[0].Columns)
		}
	}
}
