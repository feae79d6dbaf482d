package sheet_test

import (
	"context"
	"strings"
	"testing"

	"stamm/internal/door/connect/sheet"
)

func TestCancelledOrdersNeedNoAmount(t *testing.T) {
	text := "order\tdate\tstatus\tprice\n1\t2024-01-01\tShipped\t5.00\n2\t2024-01-01\tCancelled\t\n3\t2024-01-01\tShipped\t\n"
	rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.txt", []byte(text)))
	if err != nil || len(rows) != 2 || !rows[1].Cancelled || rows[1].Amount.Set || len(bad) != 1 || bad[0].Line != 4 || bad[0].Field != "unit_price" {
		t.Errorf("rows %+v, bad %v, error %v", rows, bad, err)
	}
}

func TestVisitsOfAShopAreNoOrders(t *testing.T) {
	text := "event_time,event_type,price,user_id\n" + strings.Repeat("2019-11-01 00:00:00 UTC,view,5.00,1\n", 3) + "2019-11-01 23:30:00 UTC,purchase,5.00,1\n"
	rows, bad, err := orders(t, sheet.Options{Zone: "Europe/Berlin"}, sheet.Bytes("a.csv", []byte(text)))
	if err != nil || len(rows) != 1 || rows[0].Kind != "order" || rows[0].Date.Day.String() != "2019-11-02" || len(bad) != 3 || bad[0].Key != "sheet.bad.kind" {
		t.Errorf("rows %+v, bad %v, error %v", rows, bad, err)
	}
}

func TestWhetherAContractEndedIsReadFromItsState(t *testing.T) {
	text := "customer,months,status\n1,5,active\n2,6,canceled\n3,7,Existing Customer\n4,8,Churned\n5,9,yes\n"
	files, s := survey(t, sheet.Contracts, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	var got []bool
	err := files.Contracts(context.Background(), s, 0, func(r *sheet.ContractRow) error {
		got = append(got, r.Churned.Set && r.Churned.Yes)
		return nil
	}, func(e sheet.RowError) error { t.Error(e); return nil })
	if err != nil || len(got) != 5 || got[0] || !got[1] || got[2] || !got[3] || !got[4] {
		t.Errorf("%v, %v", got, err)
	}
}

func TestMarksOfSpreadsheetsAreTakenOff(t *testing.T) {
	text := "Customer ID,Zip,Phone,Tags\n'7,'01067,'+49301,\"\"\"VIP\"\",\"\"Shop\"\"\"\n"
	files, s := survey(t, sheet.Customers, sheet.Options{}, sheet.Bytes("a.csv", []byte(text)))
	err := files.Customers(context.Background(), s, 0, func(r *sheet.CustomerRow) error {
		if tags := strings.Join(r.TagList(), " "); r.Customer != "'7" || r.Zip != "01067" || r.Phone != "+49301" || tags != "VIP Shop" {
			t.Errorf("%+v %s", r, tags)
		}
		return nil
	}, func(e sheet.RowError) error { t.Error(e); return nil })
	if err != nil {
		t.Error(err)
	}
}

func TestGuestsOfAShopAreNotOneCustomer(t *testing.T) {
	head := "order_id,customer_id,billing_email,order_date,order_total\n"
	for name, tt := range map[string]struct{ text, want string }{
		"guests":            {"1,0,a@b.de,2024-01-01,5\n2,0,c@d.de,2024-01-01,5\n3,7,e@f.de,2024-01-01,5\n", "  7"},
		"a customer called": {"1,0,a@b.de,2024-01-01,5\n2,0,A@b.de,2024-01-01,5\n3,7,e@f.de,2024-01-01,5\n", "0 0 7"},
	} {
		rows, bad, err := orders(t, sheet.Options{}, sheet.Bytes("a.csv", []byte(head+tt.text)))
		if err != nil || len(bad) > 0 || len(rows) != 3 {
			t.Fatalf("%s: %v %v", name, bad, err)
		}
		if got := rows[0].Customer + " " + rows[1].Customer + " " + rows[2].Customer; got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
