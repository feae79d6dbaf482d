package campaign

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"stamm/internal/platform/liquid"
	"stamm/internal/platform/money"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
)

// How far back recommendations look, in days.
const (
	notAgain   = 180 // what was returned within these days is never shown
	justBought = 60  // of the category nothing that was bought so lately
	popularFor = 365
	popularTop = 12 // products of a category
)

// candidates are products for one customer, the best first.
type candidates struct {
	usual    []int64 // bought on two days or more, the most overdue first
	category []int64 // what others buy in the category she buys most
}

// own are what customers bought more than once, what they may not be shown, and the category they buy most.
const own = `WITH bought AS (
		SELECT d.customer, l.product, count(DISTINCT d.day) AS times, min(d.day) AS first_day, max(d.day) AS last_day
		FROM document d JOIN line l ON l.document = d.id
		WHERE d.sale AND l.sale AND l.product <> 0 AND d.customer IN (%[1]s) GROUP BY 1, 2),
	returned AS (
		SELECT DISTINCT d.customer, l.product FROM document d JOIN line l ON l.document = d.id
		WHERE d.kind IN ('return', 'credit_note') AND l.product <> 0 AND d.customer IN (%[1]s) AND d.day >= $1::DATE - %[2]d)
	SELECT b.customer, b.product, b.times, b.last_day >= $1::DATE - %[3]d AS lately, p.category,
		CASE WHEN b.times > 1 THEN ($1::DATE - b.last_day) / greatest((b.last_day - b.first_day) / (b.times - 1.0), 1.0) ELSE 0.0 END AS overdue,
		r.product IS NOT NULL AS returned
	FROM bought b LEFT JOIN product p ON p.id = b.product LEFT JOIN returned r ON r.customer = b.customer AND r.product = b.product
	UNION ALL
	SELECT r.customer, r.product, 0, true, NULL, 0.0, true FROM returned r
	ORDER BY 1, 6 DESC, 2`

// popular are the products of each category that most customers bought.
const popular = `SELECT category, product FROM (
		SELECT p.category, l.product, row_number() OVER (PARTITION BY p.category ORDER BY count(DISTINCT d.customer) DESC, l.product) AS place
		FROM document d JOIN line l ON l.document = d.id JOIN product p ON p.id = l.product
		WHERE d.sale AND l.sale AND p.category <> '' AND d.day >= $1::DATE - %d GROUP BY 1, 2) t
	WHERE place <= %d ORDER BY category, place`

// recommend finds products for customers with one query, as of a day (2006-01-02).
func recommend(ctx context.Context, w warehouse.Querier, customers []int64, asOf string, top map[string][]int64) (map[int64]candidates, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	ids := make([]string, len(customers))
	for i, id := range customers {
		ids[i] = strconv.FormatInt(id, 10)
	}
	rows, err := w.QueryContext(ctx, fmt.Sprintf(own, strings.Join(ids, ","), notAgain, justBought), asOf)
	if err != nil {
		return nil, fmt.Errorf("recommendations: %w", err)
	}
	defer rows.Close()
	all := make(map[int64]*taste, len(customers))
	for rows.Next() {
		var customer, product, times int64
		var lately, returned bool
		var category sql.NullString
		var overdue float64
		if err := rows.Scan(&customer, &product, &times, &lately, &category, &overdue, &returned); err != nil {
			return nil, err
		}
		t := all[customer]
		if t == nil {
			t = &taste{avoid: map[int64]bool{}, categories: map[string]int64{}}
			all[customer] = t
		}
		t.add(product, times, lately, returned, category.String)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	found := make(map[int64]candidates, len(all))
	for id, t := range all {
		found[id] = t.candidates(top)
	}
	return found, nil
}

// taste is what is known of what a customer buys.
type taste struct {
	usual      []int64
	avoid      map[int64]bool // returned, or bought lately
	returned   []int64
	categories map[string]int64
}

func (t *taste) add(product, times int64, lately, returned bool, category string) {
	if category != "" {
		t.categories[category] += times
	}
	switch {
	case returned:
		t.returned = append(t.returned, product)
		t.avoid[product] = true
	case times > 1:
		t.usual = append(t.usual, product)
	}
	if lately {
		t.avoid[product] = true
	}
}

func (t *taste) candidates(top map[string][]int64) candidates {
	var c candidates
	gone := map[int64]bool{}
	for _, p := range t.returned {
		gone[p] = true
	}
	for _, p := range t.usual {
		if !gone[p] {
			c.usual = append(c.usual, p)
		}
	}
	best := ""
	for category, n := range t.categories {
		if n > t.categories[best] || n == t.categories[best] && category < best {
			best = category
		}
	}
	for _, p := range top[best] {
		if !t.avoid[p] {
			c.category = append(c.category, p)
		}
	}
	return c
}

// tops remembers what is popular, which changes slowly and takes long to count.
type tops struct {
	mu    sync.Mutex
	at    time.Time
	found map[string][]int64
}

const topsFor = 10 * time.Minute

func (t *tops) of(ctx context.Context, w warehouse.Querier, now time.Time, asOf string) (map[string][]int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.found != nil && now.Sub(t.at).Abs() < topsFor {
		return t.found, nil
	}
	rows, err := w.QueryContext(ctx, fmt.Sprintf(popular, popularFor, popularTop), asOf)
	if err != nil {
		return nil, fmt.Errorf("popular products: %w", err)
	}
	defer rows.Close()
	found := map[string][]int64{}
	for rows.Next() {
		var category string
		var product int64
		if err := rows.Scan(&category, &product); err != nil {
			return nil, err
		}
		found[category] = append(found[category], product)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	t.found, t.at = found, now
	return found, nil
}

// offersOf reads products that are still sold.
func offersOf(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]*Offer, error) {
	all := map[int64]*Offer{}
	if len(ids) == 0 {
		return all, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlProducts, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		o := &Offer{}
		var price sql.NullInt64
		var currency string
		if err := rows.Scan(&o.ID, &o.SKU, &o.Name, &price, &currency); err != nil {
			return nil, err
		}
		if price.Valid && money.Known(currency) {
			if minor, err := money.LineAmount(1000, price.Int64, money.Digits(currency)); err == nil {
				o.Price = liquid.Money(money.Of(minor, currency))
			}
		}
		all[o.ID] = o
	}
	return all, rows.Err()
}

// pick are the products that a block shows to a customer: what is to be shown first, filled up with the other.
func (c candidates) pick(b *Block, offers map[int64]*Offer) []*Offer {
	count := b.Count
	if count == 0 {
		count = 3
	}
	lists := [][]int64{c.usual, c.category}
	switch b.Pick {
	case Chosen:
		lists = [][]int64{b.Items}
		count = max(count, len(b.Items))
	case Category:
		lists = [][]int64{c.category, c.usual}
	}
	var all []*Offer
	seen := map[int64]bool{}
	for _, list := range lists {
		for _, id := range list {
			if o := offers[id]; o != nil && !seen[id] && len(all) < count {
				seen[id] = true
				all = append(all, o)
			}
		}
	}
	return all
}
