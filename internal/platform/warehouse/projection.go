package warehouse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"stamm/internal/platform/filter"
)

// Projection is what a domain hands down at wiring: how its rows appear in the warehouse, and what is
// computed from them there.
type Projection struct {
	Tables  []Table
	Derived []Derived

	// Customers is warehouse SQL that lists the ids of all customers, as in SELECT id FROM customer. One
	// projection says it. When more than half of them changed at once derived tables are computed anew as
	// a whole, which is then quicker; and a whole that does not fit into the memory is computed in parts.
	Customers string

	// Fields are what one can ask about customers in conditions. They read the file and do not shape it.
	Fields []filter.Field
}

// Table is a table of the warehouse that copies rows of the store.
type Table struct {
	Name string

	// Key is the column whose ids the feed names in its Rows. All rows of one key are read and replaced
	// together (a document's lines have the document as their key). A table without Key is small and is
	// replaced as a whole whenever the feed names it, whatever ids it names.
	Key string

	// Feed is the name under which the feed tells of its rows, where that is not Name: of tables that show some of another one's
	// rows in another way.
	Feed string

	// DDL are the column definitions, separated by commas: name BIGINT, INTEGER, VARCHAR, DATE, BOOLEAN
	// or DOUBLE. No primary keys or other constraints: DuckDB pays for them with every row.
	DDL string

	// Select is store SQL that returns the columns of DDL, by the same names and in the same order, for
	// the keys BETWEEN $1 AND $2. No order is needed. A DATE is read from a number of days (clock.Day),
	// a BOOLEAN from 0 and 1. Without Key it takes no arguments and returns everything.
	Select string

	// Span is store SQL that returns the smallest and the largest key (two NULLs when there is none), as
	// in SELECT min(id), max(id) FROM document. Unused without Key.
	Span string

	// Affects is warehouse SQL that returns the customers whose derived rows depend on the rows whose
	// keys stand in the table changed_key (key BIGINT), as in
	//
	//	SELECT d.customer FROM document d WHERE d.id IN (SELECT c.key FROM changed_key c)
	//
	// It is asked before the rows are replaced and after. Empty: nothing derived depends on this table.
	Affects string

	// About is warehouse SQL as Affects is, of the customers whom the rows are about, for View.Touched. It is
	// needed only where nothing derived depends on the table, and neither is its key customer nor has it a
	// column of that name.
	About string
}

// Everyone as Affects says that a change in the table means every customer.
const Everyone = "everyone"

// Derived is a table of the warehouse that is computed from the others.
type Derived struct {
	Name string
	DDL  string // column definitions, as in Table

	// Changed are statements that compute the rows of the customers in the table changed (customer
	// BIGINT, each once, and 0 where a table's Affects gave it); the rows of everybody else stay as they
	// are. A statement deletes, the next inserts. Derived tables are computed in the order in which they
	// are listed.
	Changed []string

	// All are statements that compute all rows; the table is empty when they run.
	All []string
}

// layoutOf names everything that shapes the file. A file with another layout is built anew: neither its
// tables nor what stands in them would be what the code expects.
func layoutOf(projections []Projection) string {
	h := sha256.New()
	part := func(texts ...string) {
		for _, text := range texts {
			fmt.Fprintf(h, "%d:%s\n", len(text), text)
		}
	}
	part("1", metaDDL, touchedDDL)
	for _, p := range projections {
		for _, t := range p.Tables {
			part("table", t.Name, t.Key, t.Feed, t.DDL, t.Select, t.Affects)
		}
		for _, d := range p.Derived {
			part("derived", d.Name, d.DDL)
			part(d.Changed...)
			part(d.All...)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

var name = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// reserved are the tables of this package.
var reserved = []string{metaTable, touchedTable, "changed", "changed_key", "changed_customer", "changed_slice"}

// check finds mistakes in the projections that would otherwise show late.
func check(projections []Projection) error {
	seen := slices.Clone(reserved)
	claim := func(n string) error {
		if !name.MatchString(n) || slices.Contains(seen, n) {
			return fmt.Errorf("warehouse: a table cannot be named %q, or not twice", n)
		}
		seen = append(seen, n)
		return nil
	}
	for _, p := range projections {
		for _, t := range p.Tables {
			if err := claim(t.Name); err != nil {
				return err
			}
			if t.DDL == "" || t.Select == "" {
				return fmt.Errorf("warehouse: table %s lacks its columns or its Select", t.Name)
			}
			if (t.Key == "") != (t.Span == "") || t.Key != "" && !name.MatchString(t.Key) {
				return fmt.Errorf("warehouse: table %s: Key and Span belong together", t.Name)
			}
			if t.Key != "" && !strings.Contains(t.Select, "$2") {
				return fmt.Errorf("warehouse: table %s: Select does not take the keys $1 to $2", t.Name)
			}
			if t.Key == "" && t.Affects != "" && t.Affects != Everyone {
				return fmt.Errorf("warehouse: table %s: without Key it affects everyone or no one", t.Name)
			}
		}
		for _, d := range p.Derived {
			if err := claim(d.Name); err != nil {
				return err
			}
			if d.DDL == "" || len(d.Changed) == 0 || len(d.All) == 0 {
				return fmt.Errorf("warehouse: derived table %s lacks its columns or statements", d.Name)
			}
		}
	}
	return nil
}
