// Package product keeps what the company sells, so that figures can tell which first purchase makes a regular
// customer and an offer never names what was just returned.
//
// A product is known by its SKU, whichever source names it.
package product

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// Product is one thing the company sells.
type Product struct {
	ID         int64
	SKU        string
	GTIN       string // 8, 12, 13 or 14 digits with a right check digit, or empty
	Name       string
	Category   string   // the main category
	Categories []string // all of them, the main one among them
	Unit       string
	Price      *int64 // millionths of Currency
	Cost       *int64 // millionths of Currency
	Currency   string
	Active     bool

	MadeRun, Run         int64
	CreatedAt, ChangedAt time.Time
}

// Validate reports the first thing wrong with the product.
func (p *Product) Validate() error {
	switch {
	case strings.TrimSpace(p.SKU) == "":
		return fault.New(fault.Invalid, "product.no_sku").On("sku")
	case len(p.SKU) > 200:
		return fault.New(fault.Invalid, "errors.too_long", "max", 200).On("sku")
	case len(p.Name) > 1000:
		return fault.New(fault.Invalid, "errors.too_long", "max", 1000).On("name")
	case p.GTIN != "" && !ValidGTIN(p.GTIN):
		return fault.New(fault.Invalid, "product.gtin", "gtin", p.GTIN).On("gtin")
	}
	return nil
}

// ValidGTIN tells whether s is a GTIN-8, -12, -13 or -14 with a right check digit (GS1: weights 3 and 1 from the
// right, modulo 10).
func ValidGTIN(s string) bool {
	if n := len(s); n != 8 && n != 12 && n != 13 && n != 14 {
		return false
	}
	sum := 0
	for i := range len(s) {
		c := s[len(s)-1-i]
		if c < '0' || c > '9' {
			return false
		}
		sum += int(c-'0') * (1 + 2*(i%2))
	}
	return sum%10 == 0
}

func (p *Product) hash() int64 {
	c := *p
	c.Categories = nil // sorted, with the main one, however they were given
	for _, row := range c.withCategories(p.Categories) {
		c.Categories = append(c.Categories, row[1].(string))
	}
	slices.Sort(c.Categories)
	c.ID, c.MadeRun, c.Run, c.CreatedAt, c.ChangedAt = 0, 0, 0, time.Time{}, time.Time{}
	sum := sha256.Sum256([]byte(store.JSON(c)))
	return int64(binary.LittleEndian.Uint64(sum[:]))
}

// Seen is a product as an order line names it.
type Seen struct{ SKU, Name, Category string }

// Found is a product by its SKU, and what one costs where that is known.
type Found struct {
	ID       int64
	Cost     *int64 // millionths of Currency
	Currency string
}

// Ensure finds products by SKU and creates those that are new with the name the order gives. It changes no product
// that exists.
func Ensure(ctx context.Context, tx *store.Tx, run int64, seen []Seen) (ids map[string]Found, made []int64, err error) {
	skus := make([]string, len(seen))
	for i, s := range seen {
		skus[i] = s.SKU
	}
	ids, err = find(ctx, tx, skus)
	if err != nil {
		return nil, nil, err
	}
	var fresh []*Product
	for _, s := range seen {
		if _, ok := ids[s.SKU]; !ok {
			ids[s.SKU] = Found{}
			fresh = append(fresh, &Product{SKU: s.SKU, Name: s.Name, Category: s.Category, Active: true, MadeRun: run, Run: run})
		}
	}
	if err := insert(ctx, tx, fresh); err != nil {
		return nil, nil, err
	}
	for _, p := range fresh {
		ids[p.SKU] = Found{ID: p.ID}
		made = append(made, p.ID)
	}
	return ids, made, nil
}

func find(ctx context.Context, tx *store.Tx, skus []string) (map[string]Found, error) {
	list, value := tx.Strings("$1"), store.JSON(skus)
	if len(skus) == 1 { // takes a third of the time, and the API asks for one mostly
		list, value = "= $1", skus[0]
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlFind, list), value)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := make(map[string]Found, len(skus))
	for rows.Next() {
		var f Found
		var sku string
		var cost sql.NullInt64
		if err := rows.Scan(&f.ID, &sku, &cost, &f.Currency); err != nil {
			return nil, err
		}
		if cost.Valid {
			f.Cost = &cost.Int64
		}
		ids[sku] = f
	}
	return ids, rows.Err()
}

// Written tells what Upsert did.
type Written struct {
	New, Changed, Unchanged int
	Rows                    feed.Rows
	Old                     map[string]string // "product:ID" → the product before, as JSON
}

// Upsert adds and replaces products by SKU, at most about 1,000 at a time. It appends nothing to the feed.
func Upsert(ctx context.Context, tx *store.Tx, run int64, products []*Product) (Written, error) {
	w := Written{Rows: feed.Rows{}, Old: map[string]string{}}
	skus := make([]string, len(products))
	for i, p := range products {
		if err := p.Validate(); err != nil {
			return w, err
		}
		skus[i] = p.SKU
	}
	existing, err := loadBySKU(ctx, tx, skus)
	if err != nil {
		return w, err
	}
	var fresh []*Product
	var touched []int64
	pending := map[string]*Product{}
	for _, p := range products {
		p.Run = run
		if earlier := pending[p.SKU]; earlier != nil { // the file names it twice: the later row counts
			made := earlier.MadeRun
			*earlier = *p
			earlier.MadeRun = made
			w.Changed++
			continue
		}
		before := existing[p.SKU]
		switch {
		case before == nil:
			p.MadeRun = run
			fresh = append(fresh, p)
			pending[p.SKU] = p
			w.New++
		case before.hash() == p.hash():
			p.ID = before.ID
			w.Unchanged++
		default:
			if err := w.change(ctx, tx, before, p); err != nil {
				return w, err
			}
			existing[p.SKU] = p
			touched = append(touched, p.ID)
		}
	}
	if err := insert(ctx, tx, fresh); err != nil {
		return w, err
	}
	for _, p := range fresh {
		touched = append(touched, p.ID)
	}
	if len(touched) > 0 {
		w.Rows["product"] = feed.Ranges(touched)
	}
	return w, nil
}

// Decide counts what Upsert would add and change, in a read transaction.
func Decide(ctx context.Context, tx *store.Tx, products []Product) (fresh, changed int64, err error) {
	skus := make([]string, len(products))
	for i := range products {
		skus[i] = products[i].SKU
	}
	existing, err := loadBySKU(ctx, tx, skus)
	if err != nil {
		return 0, 0, err
	}
	for i := range products {
		switch before := existing[products[i].SKU]; {
		case before == nil:
			fresh++
		case before.hash() != products[i].hash():
			changed++
		}
	}
	return fresh, changed, nil
}

func (w *Written) change(ctx context.Context, tx *store.Tx, before, p *Product) error {
	p.ID, p.MadeRun = before.ID, before.MadeRun
	field := fmt.Sprintf("product:%d", p.ID)
	if _, twice := w.Old[field]; !twice {
		w.Old[field] = store.JSON(before)
	}
	w.Changed++
	return update(ctx, tx, p)
}

func update(ctx context.Context, tx *store.Tx, p *Product) error {
	if _, err := tx.Exec(ctx, sqlUpdate, p.ID, p.SKU, p.GTIN, p.Name, p.Category, p.Unit, number(p.Price), number(p.Cost), p.Currency,
		store.Flag(p.Active), p.MadeRun, p.Run, p.hash(), clock.Micros(tx.Now), p.wordText()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlDeleteCategories, p.ID); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "product_category", categoryColumns, p.categoryRows()); err != nil {
		return err
	}
	if err := deleteWords(ctx, tx, p.ID); err != nil {
		return err
	}
	return addWords(ctx, tx, []*Product{p})
}

var (
	columns = []string{"id", "sku", "gtin", "name", "category", "unit", "price", "cost", "currency", "active", "made_run", "run", "hash",
		"created_at", "changed_at", "words"}
	categoryColumns = []string{"product", "category"}
)

func insert(ctx context.Context, tx *store.Tx, fresh []*Product) error {
	ids, err := tx.ReserveIDs(ctx, "product", len(fresh))
	if err != nil {
		return err
	}
	now := clock.Micros(tx.Now)
	rows := make([][]any, len(fresh))
	var categories [][]any
	for i, p := range fresh {
		p.ID = ids[i]
		rows[i] = []any{p.ID, p.SKU, p.GTIN, p.Name, p.Category, p.Unit, number(p.Price), number(p.Cost), p.Currency, store.Flag(p.Active),
			p.MadeRun, p.Run, p.hash(), now, now, p.wordText()}
		categories = append(categories, p.categoryRows()...)
	}
	if err := tx.Insert(ctx, "product", columns, rows); err != nil {
		return err
	}
	if err := tx.Insert(ctx, "product_category", categoryColumns, categories); err != nil {
		return err
	}
	return addWords(ctx, tx, fresh)
}

func (p *Product) categoryRows() [][]any { return p.withCategories(p.Categories) }

func (p *Product) withCategories(all []string) [][]any {
	var rows [][]any
	seen := map[string]bool{"": true}
	for _, c := range append([]string{p.Category}, all...) {
		if !seen[c] {
			seen[c] = true
			rows = append(rows, []any{p.ID, c})
		}
	}
	return rows
}

func number(v *int64) any {
	if v == nil {
		return nil
	}
	return *v
}

// Load reads one product.
func Load(ctx context.Context, tx *store.Tx, id int64) (*Product, error) {
	rows, err := tx.Query(ctx, sqlLoad, id)
	if err != nil {
		return nil, err
	}
	all, err := scan(rows)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "product.none")
	}
	return all[0], loadCategories(ctx, tx, all)
}

// List pages through products by SKU; words in query narrow it to SKUs that start with it.
func List(ctx context.Context, tx *store.Tx, query, after string, limit int) ([]*Product, error) {
	rows, err := tx.Query(ctx, sqlList, query, query+"\U0010FFFF", after, limit)
	if err != nil {
		return nil, err
	}
	all, err := scan(rows)
	if err != nil {
		return nil, err
	}
	return all, loadCategories(ctx, tx, all)
}

// Names returns the names of products, their SKU where they have none.
func Names(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlNames, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names := map[int64]string{}
	for rows.Next() {
		var id int64
		var sku, name string
		if err := rows.Scan(&id, &sku, &name); err != nil {
			return nil, err
		}
		if name == "" {
			name = sku
		}
		names[id] = name
	}
	return names, rows.Err()
}

// SKUs returns the SKUs of products.
func SKUs(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]string, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlNames, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	skus := map[int64]string{}
	for rows.Next() {
		var id int64
		var sku, name string
		if err := rows.Scan(&id, &sku, &name); err != nil {
			return nil, err
		}
		skus[id] = sku
	}
	return skus, rows.Err()
}

func loadBySKU(ctx context.Context, tx *store.Tx, skus []string) (map[string]*Product, error) {
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlBySKU, tx.Strings("$1")), store.JSON(skus))
	if err != nil {
		return nil, err
	}
	all, err := scan(rows)
	if err != nil {
		return nil, err
	}
	if err := loadCategories(ctx, tx, all); err != nil {
		return nil, err
	}
	bySKU := make(map[string]*Product, len(all))
	for _, p := range all {
		bySKU[p.SKU] = p
	}
	return bySKU, nil
}

func scan(rows *sql.Rows) ([]*Product, error) {
	defer rows.Close()
	var all []*Product
	for rows.Next() {
		var p Product
		var price, cost sql.NullInt64
		var created, changed int64
		if err := rows.Scan(&p.ID, &p.SKU, &p.GTIN, &p.Name, &p.Category, &p.Unit, &price, &cost, &p.Currency, &p.Active, &p.MadeRun, &p.Run,
			&created, &changed); err != nil {
			return nil, err
		}
		if price.Valid {
			p.Price = &price.Int64
		}
		if cost.Valid {
			p.Cost = &cost.Int64
		}
		p.CreatedAt, p.ChangedAt = clock.Time(created), clock.Time(changed)
		all = append(all, &p)
	}
	return all, rows.Err()
}

func loadCategories(ctx context.Context, tx *store.Tx, all []*Product) error {
	byID := make(map[int64]*Product, len(all))
	ids := make([]int64, len(all))
	for i, p := range all {
		byID[p.ID], ids[i] = p, p.ID
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlCategories, tx.Numbers("$1")), store.JSON(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var category string
		if err := rows.Scan(&id, &category); err != nil {
			return err
		}
		byID[id].Categories = append(byID[id].Categories, category)
	}
	return rows.Err()
}

// Used returns the products that document lines name. It reads every line once.
func Used(ctx context.Context, tx *store.Tx) (map[int64]bool, error) {
	rows, err := tx.Query(ctx, sqlUsed)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	used := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		used[id] = true
	}
	return used, rows.Err()
}

// Revert takes back what an import run did to products: those it made go, unless they are used or somebody changed
// them since; those it changed get their old content. It returns the products it had to leave.
func Revert(ctx context.Context, tx *store.Tx, run int64, made []feed.Range, old map[string]string, used map[int64]bool) (kept []int64, rows feed.Rows, err error) {
	rows = feed.Rows{}
	for _, r := range made {
		for id := r[0]; id <= r[1]; id++ {
			if used[id] {
				kept = append(kept, id)
				continue
			}
			n, err := tx.Exec(ctx, sqlDeleteMade, id, run)
			if err != nil {
				return nil, nil, err
			}
			if n > 0 {
				if _, err := tx.Exec(ctx, sqlDeleteCategories, id); err != nil {
					return nil, nil, err
				}
				if err := deleteWords(ctx, tx, id); err != nil {
					return nil, nil, err
				}
				rows["product"] = append(rows["product"], feed.Range{id, id})
			}
		}
	}
	for field, text := range old {
		var before Product
		if !strings.HasPrefix(field, "product:") {
			continue
		}
		if err := json.Unmarshal([]byte(text), &before); err != nil {
			return nil, nil, err
		}
		now, err := Load(ctx, tx, before.ID)
		if err != nil || now.Run != run {
			kept = append(kept, before.ID)
			continue
		}
		if err := update(ctx, tx, &before); err != nil {
			return nil, nil, err
		}
		rows["product"] = append(rows["product"], feed.Range{before.ID, before.ID})
	}
	return kept, rows, nil
}
