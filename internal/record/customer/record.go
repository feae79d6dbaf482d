package customer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
)

// before is what a bulk write keeps of a customer it changes.
type before struct {
	Run    int64             `json:"run"` // the import that wrote before
	Fields map[string]string `json:"fields"`
}

// tentative are the outcomes of a decision that is not written.
func (d *decision) tentative() (Written, error) {
	w := Written{Outcomes: make([]Outcome, len(d.rows))}
	for i, r := range d.rows {
		w.Outcomes[i].Status = r.status
		if r.of != nil {
			w.Outcomes[i].ID = r.of.id
		}
	}
	return w, nil
}

// record writes what was decided.
func (d *decision) record(ctx context.Context, tx *store.Tx) (Written, error) {
	var changed []*state
	seen := map[*state]bool{}
	for _, r := range d.rows {
		if r.of != nil && r.of.state != nil && !r.of.state.fresh && !seen[r.of.state] {
			seen[r.of.state] = true
			changed = append(changed, r.of.state)
		}
	}
	for _, s := range d.fresh {
		s.now.MadeRun = d.Run
	}
	all := slices.Concat(d.fresh, changed)
	for _, s := range all {
		s.now.Run = d.Run
	}
	dirty, err := save(ctx, tx, all)
	if err != nil {
		return Written{}, err
	}
	if err := rehash(ctx, tx, changed); err != nil {
		return Written{}, err
	}
	changed = slices.DeleteFunc(slices.Clone(dirty), func(s *state) bool { return s.fresh })
	if err := saveOrigins(ctx, tx, changed, d.Source, 0); err != nil {
		return Written{}, err
	}
	w, err := d.tentative()
	if err != nil {
		return w, err
	}
	for i, r := range d.rows {
		if r.of != nil && r.of.state != nil {
			w.Outcomes[i].ID = r.of.state.now.ID
		}
	}
	w.Rows = touched(dirty)
	return w, w.keep(changed)
}

// copies are the tables of the warehouse in which a customer is another than before.
type copies struct{ row, tags, custom, contacts bool }

// touched names what the warehouse must read again.
func touched(states []*state) feed.Rows {
	ids := map[string][]int64{}
	for _, s := range states {
		for table, is := range map[string]bool{tableRow: s.copied.row, tableTags: s.copied.tags, tableCustom: s.copied.custom, tableContacts: s.copied.contacts} {
			if is {
				ids[table] = append(ids[table], s.now.ID)
			}
		}
	}
	return rowsOf(ids)
}

// gone names what the warehouse must forget of customers who have no contacts.
func gone(ids []int64) map[string][]int64 {
	return map[string][]int64{tableRow: ids, tableTags: ids, tableCustom: ids}
}

func rowsOf(ids map[string][]int64) feed.Rows {
	rows := feed.Rows{}
	for table, list := range ids {
		if len(list) > 0 {
			rows[table] = feed.Ranges(slices.Clone(list))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return rows
}

// merged is what both name.
func merged(a, b feed.Rows) feed.Rows {
	if a == nil {
		return b
	}
	for table, more := range b {
		a[table] = append(a[table], more...)
	}
	return a
}

// keep notes what changed customers were.
func (w *Written) keep(changed []*state) error {
	w.Old, w.OldOf = map[string]string{}, map[string]int64{}
	for _, s := range changed {
		text, err := json.Marshal(before{s.was.Run, s.old})
		if err != nil {
			return err
		}
		field := OldField(s.now.ID)
		w.Old[field], w.OldOf[field] = string(text), s.now.ID
	}
	return nil
}

// rehash notes the content of rows that said nothing new in other words, so that they are known at once next time.
func rehash(ctx context.Context, tx *store.Tx, states []*state) error {
	var quiet []*state
	for _, s := range states {
		if !s.rehashed || len(s.fields) > 0 {
			continue
		}
		quiet = append(quiet, s)
		if s.now.hash != s.was.hash {
			if _, err := tx.Exec(ctx, sqlRehash, s.now.ID, s.now.hash); err != nil {
				return err
			}
		}
	}
	return saver{ctx, tx, quiet}.externals()
}

// saveOrigins notes where the values of fields came from. Rows with a source of their own need none.
func saveOrigins(ctx context.Context, tx *store.Tx, states []*state, source, change int64) error {
	of := map[string][]int64{}
	var fresh [][]any
	for _, s := range states {
		for _, name := range s.fields {
			if !hasOrigin(name) {
				continue
			}
			of[name] = append(of[name], s.now.ID)
			fresh = append(fresh, []any{s.now.ID, name, source, tx.Actor.Kind, tx.Actor.ID, clock.Micros(tx.Now), change})
		}
	}
	for name, ids := range of {
		if _, err := tx.Exec(ctx, fmt.Sprintf(sqlDeleteOrigins, tx.Numbers("$2")), name, store.JSON(ids)); err != nil {
			return err
		}
	}
	return tx.Insert(ctx, "customer_origin", []string{"customer", "field", "source", "actor_kind", "actor", "at", "change"}, fresh)
}

// hasOrigin tells whether customer_origin says where a field came from: rows of lists say it themselves.
func hasOrigin(name string) bool {
	return !strings.Contains(name, ":") && !strings.HasPrefix(name, "external.")
}
