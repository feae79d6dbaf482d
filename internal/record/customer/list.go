package customer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Row is a customer in a list.
type Row struct {
	ID         int64
	Kind       string
	Name       string // empty for somebody known by a number or an address only
	Company    string // that she named, or the one whose contact she is
	Source     int64
	ExternalID string
	Email      string // the main one
	Phone      string
	City       string // of the main address
	Country    string
	Owner      int64
	Excluded   string
	Since      *clock.Day
	ChangedAt  time.Time

	sortName, firstName, lastName string
	employed                      bool // Company is the one whose contact she is
}

// Filter narrows a list; what is empty does not.
type Filter struct {
	Kind      string
	Country   string
	Tag       string
	Owner     int64
	Excluded  string // Internal, Reseller, "any" of the two or "none"
	HasMail   *bool  // a mail address that can be one
	SinceFrom *clock.Day
	SinceTo   *clock.Day // included
}

// Order is what a list is sorted by. The zero value is by name.
type Order struct {
	By   string // name, since or changed
	Desc bool
}

// orders are the expressions a list is sorted by, each with an index.
var orders = map[string]string{"": "c.sort_name", "name": "c.sort_name", "since": "c.since", "changed": "c.changed_at"}

const (
	few  = 5000  // customers of a filter up to which they are simply sorted
	walk = 20000 // customers in the order of the list that are looked through at first, then four times as many, and so on
)

// List returns a page of customers behind the one with the id after (0 for the first page), and whether more follow.
//
// A filter that few customers pass gives those, sorted. Where many pass every filter, the list is walked in its order
// until the page is full. So a page costs some 10 ms whichever way the filter cuts, unless many pass each of several
// filters and few pass all.
func List(ctx context.Context, tx *store.Tx, f Filter, o Order, after int64, limit int) (page []Row, more bool, err error) {
	by, known := orders[o.By]
	if !known {
		return nil, false, fault.New(fault.Invalid, "errors.choice", "text", o.By).On("sort")
	}
	q := listQuery{order: o, key: by}
	q.and("c.merged_into IS NULL AND c.erased_at IS NULL")
	if err := q.behind(ctx, tx, after); err != nil {
		return nil, false, err
	}
	conditions := f.conditions()
	for _, c := range conditions {
		q.and(c.text, c.args...)
	}
	rare, err := rarestOf(ctx, tx, conditions)
	switch {
	case err != nil:
	case rare != nil:
		q.and("c.id "+tx.Numbers("%s"), store.JSON(rare))
		page, err = q.rows(ctx, tx, limit+1)
	case len(conditions) > 0:
		page, err = q.walked(ctx, tx, limit+1)
	default:
		page, err = q.rows(ctx, tx, limit+1)
	}
	if err != nil {
		return nil, false, err
	}
	if more = len(page) > limit; more {
		page = page[:limit]
	}
	return page, more, fillRows(ctx, tx, page)
}

// condition is a part of a filter. %s stands for each argument.
type condition struct {
	text string // written so that no index but that of the order can serve it
	args []any
	ids  string // the query of the customers that pass, by an index; empty where many pass always
}

func (f Filter) conditions() []condition {
	var all []condition
	own := func(column, none, indexed string, args ...any) {
		text := strings.ReplaceAll(indexed, "c."+column, "coalesce(c."+column+", "+none+")")
		all = append(all, condition{text, args, "SELECT c.id FROM customer c WHERE " + indexed})
	}
	if f.Kind != "" {
		own("kind", "''", "c.kind = %s", f.Kind)
	}
	if f.Country != "" {
		own("country", "''", "c.country = %s", f.Country)
	}
	if f.Tag != "" {
		all = append(all, condition{"EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer = c.id AND t.tag = %s)", []any{f.Tag},
			"SELECT t.customer FROM customer_tag t WHERE t.tag = %s"})
	}
	if f.Owner != 0 {
		own("owner", "0", "c.owner <> 0 AND c.owner = %s", f.Owner)
	}
	switch f.Excluded {
	case "":
	case "any":
		own("excluded", "''", "c.excluded <> ''")
	case "none":
		all = append(all, condition{text: "coalesce(c.excluded, '') = ''"})
	default:
		own("excluded", "''", "c.excluded <> '' AND c.excluded = %s", f.Excluded)
	}
	if f.HasMail != nil {
		own("mail", "0", map[bool]string{true: "c.mail = 2", false: "c.mail IN (0, 1)"}[*f.HasMail])
	}
	if f.SinceFrom != nil || f.SinceTo != nil {
		from, to := int64(firstSince), int64(-firstSince)
		if f.SinceFrom != nil {
			from = int64(*f.SinceFrom)
		}
		if f.SinceTo != nil {
			to = int64(*f.SinceTo)
		}
		own("since", "0", "c.since BETWEEN %s AND %s", from, to)
	}
	return all
}

// rarestOf are the customers that pass a condition which only few pass; nil if many pass each.
func rarestOf(ctx context.Context, tx *store.Tx, conditions []condition) ([]int64, error) {
	for _, c := range conditions {
		if c.ids == "" {
			continue
		}
		ids := []int64{}
		err := each(ctx, tx, numbered(c.ids, 1, len(c.args))+fmt.Sprintf(" LIMIT %d", few), c.args, func(found *sql.Rows) error {
			var id int64
			err := found.Scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || len(ids) < few {
			return ids, err
		}
	}
	return nil, nil
}

// numbered puts $from, $from+1 and so on in the n places of a text.
func numbered(text string, from, n int) string {
	places := make([]any, n)
	for i := range places {
		places[i] = fmt.Sprintf("$%d", from+i)
	}
	return fmt.Sprintf(text, places...)
}

// listQuery puts the text of a list together.
type listQuery struct {
	order Order
	key   string
	where []string
	args  []any
	last  []any // sort key and id of the customer the page stands behind
}

func (q *listQuery) and(condition string, args ...any) {
	q.where = append(q.where, numbered(condition, len(q.args)+1, len(args)))
	q.args = append(q.args, args...)
}

func (q *listQuery) direction() (compare, order string) {
	if q.order.Desc {
		return "<", " DESC"
	}
	return ">", ""
}

// behind starts the page after a customer. Who is no longer there starts it anew.
func (q *listQuery) behind(ctx context.Context, tx *store.Tx, after int64) error {
	if after == 0 {
		return nil
	}
	var key any
	err := tx.QueryRow(ctx, fmt.Sprintf("SELECT %s FROM customer c WHERE c.id = $1", q.key), after).Scan(&key)
	if errors.Is(err, store.ErrNoRows) {
		return nil
	}
	q.last = []any{key, after}
	return err
}

// walked looks through the customers in the order of the list, a window at a time, until the page is full.
func (q *listQuery) walked(ctx context.Context, tx *store.Tx, limit int) (page []Row, err error) {
	for window := walk; ; window *= 4 {
		end, err := q.windowEnd(ctx, tx, window)
		if err != nil {
			return nil, err
		}
		part := *q
		part.where, part.args = slices.Clone(q.where), slices.Clone(q.args)
		if end != nil {
			part.and("("+q.key+", c.id) "+map[bool]string{false: "<=", true: ">="}[q.order.Desc]+" (%s, %s)", end...)
		}
		found, err := part.rows(ctx, tx, limit-len(page))
		if err != nil {
			return nil, err
		}
		if page = append(page, found...); len(page) >= limit || end == nil {
			return page, nil
		}
		q.last = end
	}
}

// windowEnd is the sort key and id of the customer that many places on, nil if there are not so many.
func (q *listQuery) windowEnd(ctx context.Context, tx *store.Tx, places int) ([]any, error) {
	compare, order := q.direction()
	text := fmt.Sprintf("SELECT %s, c.id FROM customer c", q.key)
	if q.last != nil {
		text += fmt.Sprintf(" WHERE (%s, c.id) %s ($1, $2)", q.key, compare)
	}
	text += fmt.Sprintf(" ORDER BY %s%s, c.id%s LIMIT 1 OFFSET %d", q.key, order, order, places)
	var key any
	var id int64
	err := tx.QueryRow(ctx, text, q.last...).Scan(&key, &id)
	if errors.Is(err, store.ErrNoRows) {
		return nil, nil
	}
	return []any{key, id}, err
}

func (q *listQuery) rows(ctx context.Context, tx *store.Tx, limit int) ([]Row, error) {
	part := *q
	part.where, part.args = slices.Clone(q.where), slices.Clone(q.args)
	compare, order := q.direction()
	if q.last != nil {
		part.and("("+q.key+", c.id) "+compare+" (%s, %s)", q.last...)
	}
	text := fmt.Sprintf("SELECT %s FROM customer c WHERE %s ORDER BY %s%s, c.id%s LIMIT %d",
		rowColumns, strings.Join(part.where, " AND "), q.key, order, order, limit)
	return scanRows(ctx, tx, text, part.args...)
}

const rowColumns = `c.id, c.kind, c.name, c.first_name, c.last_name, c.company, c.source, c.external_id, c.country, c.owner, c.excluded, c.since, c.changed_at, c.sort_name`

func scanRows(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Row, error) {
	var page []Row
	err := each(ctx, tx, text, args, func(found *sql.Rows) error {
		var r Row
		var changed int64
		var since int64
		err := found.Scan(&r.ID, &r.Kind, &r.Name, &r.firstName, &r.lastName, &r.Company, &r.Source, &r.ExternalID, &r.Country, &r.Owner,
			&r.Excluded, &since, &changed, &r.sortName)
		r.ChangedAt, r.Since = clock.Time(changed), knownSince(since)
		page = append(page, r)
		return err
	})
	return page, err
}

// fillRows adds how to reach the customers of a page.
func fillRows(ctx context.Context, tx *store.Tx, page []Row) error {
	if len(page) == 0 {
		return nil
	}
	of := make(map[int64]*Row, len(page))
	ids := make([]int64, len(page))
	for i := range page {
		ids[i], of[page[i].ID] = page[i].ID, &page[i]
	}
	list := store.JSON(ids)
	err := each(ctx, tx, fmt.Sprintf(sqlEmployers, tx.Numbers("$1")), []any{list, int64(clock.DayOf(tx.Now, time.UTC))}, func(found *sql.Rows) error {
		var id int64
		var name string
		err := found.Scan(&id, &name)
		if r := of[id]; r != nil && (r.Company == "" || r.employed) {
			r.Company, r.employed = name, true
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, step := range []struct {
		text string
		put  func(*Row, string)
	}{
		{sqlMainMails, func(r *Row, v string) { r.Email = v }},
		{sqlMainPhones, func(r *Row, v string) { r.Phone = v }},
		{sqlMainCities, func(r *Row, v string) { r.City = v }},
	} {
		err := each(ctx, tx, fmt.Sprintf(step.text, tx.Numbers("$1")), []any{list}, func(found *sql.Rows) error {
			var id int64
			var v string
			if err := found.Scan(&id, &v); err != nil {
				return err
			}
			step.put(of[id], v)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
