package customer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	Company    string
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

// orders are the expressions the list is sorted by, each with an index, and the same so that no index serves it.
var orders = map[string]struct{ key, unindexed string }{
	"":        {"c.sort_name", "coalesce(c.sort_name, '')"},
	"name":    {"c.sort_name", "coalesce(c.sort_name, '')"},
	"since":   {"coalesce(c.since, -1000000)", "coalesce(c.since, -1000000, 0)"},
	"changed": {"c.changed_at", "coalesce(c.changed_at, 0)"},
}

// walk is how many customers a page of a filtered list may pass over in the order of the list. Where fewer than a page
// are found among so many, the filter lets few pass altogether and it is quicker to sort them.
const walk = 20000

// List returns a page of customers behind the one with the id after (0 for the first page), and whether more follow.
func List(ctx context.Context, tx *store.Tx, f Filter, o Order, after int64, limit int) (page []Row, more bool, err error) {
	by, known := orders[o.By]
	if !known {
		return nil, false, fault.New(fault.Invalid, "errors.choice", "text", o.By).On("sort")
	}
	q := listQuery{order: o, key: by.key}
	q.text("c.merged_into IS NULL AND c.erased_at IS NULL")
	if err := q.behind(ctx, tx, after); err != nil {
		return nil, false, err
	}
	filtered := q.filter(f)
	if filtered {
		page, err = q.walked(ctx, tx, limit+1)
		if err == nil && len(page) <= limit && q.bounded {
			q.key = by.unindexed
			page, err = q.rows(ctx, tx, limit+1)
		}
	} else {
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

// listQuery puts the text of a list together.
type listQuery struct {
	order   Order
	key     string
	where   []string
	args    []any
	last    []any // sort key and id of the customer the page stands behind
	bounded bool
}

func (q *listQuery) text(condition string, args ...any) {
	places := make([]any, len(args))
	for i, a := range args {
		q.args = append(q.args, a)
		places[i] = fmt.Sprintf("$%d", len(q.args))
	}
	q.where = append(q.where, fmt.Sprintf(condition, places...))
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

func (q *listQuery) filter(f Filter) bool {
	n := len(q.where)
	if f.Kind != "" {
		q.text("c.kind = %s", f.Kind)
	}
	if f.Country != "" {
		q.text("c.country = %s", f.Country)
	}
	if f.Tag != "" {
		q.text("c.id IN (SELECT t.customer FROM customer_tag t WHERE t.tag = %s)", f.Tag)
	}
	if f.Owner != 0 {
		q.text("c.owner <> 0 AND c.owner = %s", f.Owner)
	}
	switch f.Excluded {
	case "":
	case "any":
		q.text("c.excluded <> ''")
	case "none":
		q.text("c.excluded = ''")
	default:
		q.text("c.excluded <> '' AND c.excluded = %s", f.Excluded)
	}
	if f.HasMail != nil {
		not := map[bool]string{false: "NOT "}[*f.HasMail]
		q.text(not + "EXISTS (SELECT 1 FROM customer_email e WHERE e.customer = c.id AND e.valid = 1)")
	}
	if f.SinceFrom != nil {
		q.text("coalesce(c.since, -1000000) >= %s", int64(*f.SinceFrom))
	}
	if f.SinceTo != nil {
		q.text("c.since IS NOT NULL AND coalesce(c.since, -1000000) <= %s", int64(*f.SinceTo))
	}
	return len(q.where) > n
}

// walked looks only among the next customers in the order of the list.
func (q *listQuery) walked(ctx context.Context, tx *store.Tx, limit int) ([]Row, error) {
	compare, order := q.direction()
	text := fmt.Sprintf("SELECT %s, c.id FROM customer c", q.key)
	if q.last != nil {
		text += fmt.Sprintf(" WHERE (%s, c.id) %s ($1, $2)", q.key, compare)
	}
	text += fmt.Sprintf(" ORDER BY %s%s, c.id%s LIMIT 1 OFFSET %d", q.key, order, order, walk)
	var key any
	var id int64
	err := tx.QueryRow(ctx, text, q.last...).Scan(&key, &id)
	if errors.Is(err, store.ErrNoRows) {
		return q.rows(ctx, tx, limit)
	}
	if err != nil {
		return nil, err
	}
	bound := *q
	bound.where, bound.args = append([]string(nil), q.where...), append([]any(nil), q.args...)
	opposite := map[string]string{"<": ">=", ">": "<="}[compare]
	bound.text("("+q.key+", c.id) "+opposite+" (%s, %s)", key, id)
	q.bounded = true
	return bound.rows(ctx, tx, limit)
}

func (q *listQuery) rows(ctx context.Context, tx *store.Tx, limit int) ([]Row, error) {
	compare, order := q.direction()
	where, args := q.where, q.args
	if q.last != nil {
		args = append(append([]any(nil), args...), q.last...)
		where = append(append([]string(nil), where...), fmt.Sprintf("(%s, c.id) %s ($%d, $%d)", q.key, compare, len(args)-1, len(args)))
	}
	text := fmt.Sprintf("SELECT %s FROM customer c WHERE %s ORDER BY %s%s, c.id%s LIMIT %d",
		rowColumns, strings.Join(where, " AND "), q.key, order, order, limit)
	return scanRows(ctx, tx, text, args...)
}

const rowColumns = `c.id, c.kind, c.name, c.first_name, c.last_name, c.company, c.source, c.external_id, c.country, c.owner, c.excluded, c.since, c.changed_at, c.sort_name`

func scanRows(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Row, error) {
	var page []Row
	err := each(ctx, tx, text, args, func(found *sql.Rows) error {
		var r Row
		var changed int64
		err := found.Scan(&r.ID, &r.Kind, &r.Name, &r.firstName, &r.lastName, &r.Company, &r.Source, &r.ExternalID, &r.Country, &r.Owner,
			&r.Excluded, &r.Since, &changed, &r.sortName)
		r.ChangedAt = clock.Time(changed)
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
