package customer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/store"
)

// save writes the states that are new or differ and returns them. Feed and origins are up to the caller, and the runs
// in the own rows.
func save(ctx context.Context, tx *store.Tx, states []*state) ([]*state, error) {
	if err := number(ctx, tx, states); err != nil {
		return nil, err
	}
	var dirty []*state
	for _, s := range states {
		s.settle()
		if s.fresh {
			s.now.CreatedAt, s.searched = tx.Now, true
			s.copied = copies{row: true, tags: len(s.tags) > 0, custom: len(s.custom) > 0, contacts: len(s.contacts.now) > 0}
		} else {
			s.diff()
		}
		if s.fresh || len(s.fields) > 0 {
			s.now.ChangedAt = tx.Now
			dirty = append(dirty, s)
		}
	}
	w := saver{ctx, tx, dirty}
	for _, step := range []func() error{w.customers, w.externals, w.emails, w.phones, w.addresses, w.contacts, w.notes, w.tags, w.custom, w.words} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return dirty, nil
}

func number(ctx context.Context, tx *store.Tx, states []*state) error {
	var fresh []*state
	for _, s := range states {
		if s.fresh {
			fresh = append(fresh, s)
		}
	}
	ids, err := tx.ReserveIDs(ctx, "customer", len(fresh))
	if err != nil {
		return err
	}
	for i, s := range fresh {
		s.now.ID = ids[i]
	}
	w := saver{ctx, tx, states}
	for _, step := range []func() error{
		func() error { return emailTable.number(ctx, tx, w.states, emailsOf) },
		func() error { return phoneTable.number(ctx, tx, w.states, phonesOf) },
		func() error { return addressTable.number(ctx, tx, w.states, addressesOf) },
		func() error { return contactTable.number(ctx, tx, w.states, contactsOf) },
		func() error { return noteTable.number(ctx, tx, w.states, notesOf) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func emailsOf(s *state) *rows[Email]      { return &s.emails }
func phonesOf(s *state) *rows[Phone]      { return &s.phones }
func addressesOf(s *state) *rows[Address] { return &s.addresses }
func contactsOf(s *state) *rows[Contact]  { return &s.contacts }
func notesOf(s *state) *rows[Note]        { return &s.notes }

type saver struct {
	ctx    context.Context
	tx     *store.Tx
	states []*state
}

func (w saver) emails() error { return emailTable.save(w.ctx, w.tx, w.states, emailsOf) }
func (w saver) phones() error { return phoneTable.save(w.ctx, w.tx, w.states, phonesOf) }
func (w saver) addresses() error {
	return addressTable.save(w.ctx, w.tx, w.states, addressesOf)
}
func (w saver) contacts() error { return contactTable.save(w.ctx, w.tx, w.states, contactsOf) }
func (w saver) notes() error    { return noteTable.save(w.ctx, w.tx, w.states, notesOf) }

func (w saver) customers() error {
	var fresh [][]any
	for _, s := range w.states {
		if s.fresh {
			fresh = append(fresh, s.now.values())
			continue
		}
		if _, err := w.tx.Exec(w.ctx, sqlUpdate, s.now.values()...); err != nil {
			return err
		}
	}
	return w.tx.Insert(w.ctx, "customer", customerInsert, fresh)
}

// externals takes away first what one customer gives to another.
func (w saver) externals() error {
	gone := map[int64][]string{}
	var fresh [][]any
	for _, s := range w.states {
		for _, e := range s.wasExternals {
			if !slices.Contains(s.exts, e) {
				gone[e.Source] = append(gone[e.Source], e.ID)
			}
		}
		for _, e := range s.exts {
			if s.fresh || !slices.Contains(s.wasExternals, e) {
				fresh = append(fresh, []any{e.Source, e.ID, s.now.ID, e.hash})
			}
		}
	}
	for source, ids := range gone {
		if _, err := w.tx.Exec(w.ctx, fmt.Sprintf(sqlDeleteExternals, w.tx.Strings("$2")), source, store.JSON(ids)); err != nil {
			return err
		}
	}
	return w.tx.Insert(w.ctx, "customer_external", []string{"source", "external_id", "customer", "hash"}, fresh)
}

func (w saver) tags() error {
	var fresh [][]any
	for _, s := range w.states {
		if slices.Equal(s.wasTags, s.tags) {
			continue
		}
		if gone := without(s.wasTags, s.tags); len(gone) > 0 {
			if _, err := w.tx.Exec(w.ctx, fmt.Sprintf(sqlDeleteTags, w.tx.Strings("$2")), s.now.ID, store.JSON(gone)); err != nil {
				return err
			}
		}
		for _, tag := range without(s.tags, s.wasTags) {
			fresh = append(fresh, []any{s.now.ID, tag, clock.Micros(w.tx.Now)})
		}
	}
	return w.tx.Insert(w.ctx, "customer_tag", []string{"customer", "tag", "created_at"}, fresh)
}

func without(all, these []string) []string {
	var left []string
	for _, v := range all {
		if !slices.Contains(these, v) {
			left = append(left, v)
		}
	}
	return left
}

func (w saver) custom() error {
	var catalogue *Catalogue
	var fresh [][]any
	for _, s := range w.states {
		var gone []int64
		for _, key := range customKeys(s) {
			was, is := s.wasCustom[key], s.custom[key]
			if was == is {
				continue
			}
			if catalogue == nil {
				c, err := LoadCatalogue(w.ctx, w.tx)
				if err != nil {
					return err
				}
				catalogue = &c
			}
			f := catalogue.custom(key)
			if f == nil {
				return fmt.Errorf("no custom field %q", key)
			}
			if was != "" {
				gone = append(gone, f.ID)
			}
			if is != "" {
				fresh = append(fresh, []any{s.now.ID, f.ID, is})
			}
		}
		if len(gone) > 0 {
			if _, err := w.tx.Exec(w.ctx, fmt.Sprintf(sqlDeleteCustom, w.tx.Numbers("$2")), s.now.ID, store.JSON(gone)); err != nil {
				return err
			}
		}
	}
	return w.tx.Insert(w.ctx, "customer_custom", []string{"customer", "field", "value"}, fresh)
}

func customKeys(s *state) []string {
	if len(s.wasCustom) == 0 && len(s.custom) == 0 {
		return nil
	}
	var keys []string
	for key := range s.wasCustom {
		keys = append(keys, key)
	}
	for key := range s.custom {
		if _, known := s.wasCustom[key]; !known {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// words keeps what the search finds a customer by, and teaches the vocabulary new words.
func (w saver) words() error {
	var fresh [][]any
	vocabulary := map[string]bool{}
	for _, s := range w.states {
		if !s.fresh && (!s.searched || s.loaded&forSearch != forSearch) {
			continue
		}
		now := s.words()
		var gone []string
		for word := range s.wasWords {
			if _, stays := now[word]; !stays {
				gone = append(gone, word)
			}
		}
		if len(gone) > 0 {
			if _, err := w.tx.Exec(w.ctx, fmt.Sprintf(sqlDeleteWords, w.tx.Strings("$2")), s.now.ID, store.JSON(gone)); err != nil {
				return err
			}
		}
		for word, forgiving := range now {
			if s.wasWords[word] {
				continue
			}
			fresh = append(fresh, []any{word, s.now.ID})
			if forgiving {
				vocabulary[word] = true
			}
		}
	}
	// In the order of the key: neighbours then share a page of the table.
	slices.SortFunc(fresh, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(int64), b[1].(int64)))
	})
	if err := w.tx.Insert(w.ctx, "customer_word", []string{"word", "customer"}, fresh); err != nil {
		return err
	}
	return learn(w.ctx, w.tx, vocabulary)
}
