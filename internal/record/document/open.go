package document

import (
	"context"
	"database/sql"
	"fmt"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
)

// OpenItem is an invoice that is not settled.
type OpenItem struct {
	Document   int64
	ExternalID string
	Day        clock.Day
	DueDay     *clock.Day
	Currency   string
	Gross      int64 // minor units of Currency
	Open       int64 // what is left after credit notes, returns and payments; below 0 it is a credit of the customer

	order int64 // the order it bills, 0 for none
}

// settling is what was paid or given back for an invoice or an order.
type settling struct {
	currency string
	amount   int64
}

// OpenItems lists a customer's invoices that credit notes, returns and payments have not settled, the longest due first,
// and behind them those that were paid or given back more than they ask for.
// What names the order instead of the invoice settles the order's invoices in that order.
func OpenItems(ctx context.Context, tx *store.Tx, customer int64) ([]OpenItem, error) {
	invoices, err := invoicesOf(ctx, tx, customer)
	if err != nil || len(invoices) == 0 {
		return nil, err
	}
	targets := make([]int64, 0, 2*len(invoices))
	for _, o := range invoices {
		targets = append(targets, o.Document)
		if o.order != 0 {
			targets = append(targets, o.order)
		}
	}
	settled, err := settlings(ctx, tx, targets)
	if err != nil {
		return nil, err
	}
	last := map[int64]int{} // the last invoice of each order takes what is over
	for i := range invoices {
		invoices[i].settle(settled[invoices[i].Document], true)
		last[invoices[i].order] = i
	}
	var open, credits []OpenItem
	for i := range invoices {
		o := &invoices[i]
		if o.order != 0 {
			o.settle(settled[o.order], last[o.order] == i)
		}
		switch {
		case o.Open > 0:
			open = append(open, *o)
		case o.Open < 0:
			credits = append(credits, *o)
		}
	}
	return append(open, credits...), nil
}

// settle takes off what was paid or given back: all of it, or no more than is open. What is used is gone from the list.
func (o *OpenItem) settle(list []settling, all bool) {
	for i := range list {
		s := &list[i]
		if s.currency != o.Currency {
			continue
		}
		used := s.amount
		if !all {
			used = min(used, max(o.Open, 0))
		}
		o.Open -= used
		s.amount -= used
	}
}

func invoicesOf(ctx context.Context, tx *store.Tx, customer int64) ([]OpenItem, error) {
	rows, err := tx.Query(ctx, sqlInvoices, customer)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []OpenItem
	for rows.Next() {
		var o OpenItem
		var day int64
		var due sql.NullInt64
		if err := rows.Scan(&o.Document, &o.ExternalID, &day, &due, &o.Currency, &o.Gross, &o.order); err != nil {
			return nil, err
		}
		o.Day, o.DueDay, o.Open = clock.Day(day), dayPointer(due), o.Gross
		all = append(all, o)
	}
	return all, rows.Err()
}

func settlings(ctx context.Context, tx *store.Tx, targets []int64) (map[int64][]settling, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlSettling, tx.Numbers("$1")), store.JSON(targets))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[int64][]settling{}
	for rows.Next() {
		var target, part int64
		var kind Kind
		var s settling
		var whole sql.NullInt64
		if err := rows.Scan(&target, &kind, &s.currency, &s.amount, &part, &whole); err != nil {
			return nil, err
		}
		if kind.gives() { // files write it with either sign
			s.amount = max(s.amount, -s.amount)
			if whole.Int64 > 0 && part < whole.Int64 { // a return of several sales
				if s.amount, err = money.MulDiv(s.amount, part, whole.Int64); err != nil {
					return nil, err
				}
			}
		}
		found[target] = append(found[target], s)
	}
	return found, rows.Err()
}
