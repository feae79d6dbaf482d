package customer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"stamm/internal/platform/store"
)

// parts are the pieces of a customer beside the own row. Only what a change needs is loaded.
type parts uint

const (
	withEmails parts = 1 << iota
	withPhones
	withAddresses
	withContacts
	withNotes
	withTags
	withCustom
	withExternals
	withOrigins
	withWords

	forSearch = withEmails | withExternals | withWords // what the search words are made of, and the words
)

// state is a customer while something changes it: as she was, and as she shall be.
type state struct {
	fresh  bool
	loaded parts

	was, now           Customer
	emails             rows[Email]
	phones             rows[Phone]
	addresses          rows[Address]
	contacts           rows[Contact]
	notes              rows[Note]
	wasTags, tags      []string // ascending
	wasCustom, custom  map[string]string
	wasExternals, exts []External
	origins            map[string]Origin
	wasWords           map[string]bool
	fields             []string // what differs, ascending; set by diff
	old                map[string]string
	nameGiven          bool // the name was set, not put together
	rehashed           bool
	searched           bool // what differs is searched by
	copied             copies
}

// rows are the rows of one table that belong to a customer. New ones carry ids below zero until they are saved.
type rows[T any] struct{ was, now map[int64]T }

// add adds a new row and gives it a number below zero.
func (r *rows[T]) add(v *T, id *int64) {
	if r.now == nil {
		r.now = map[int64]T{}
	}
	for *id = -1; ; *id-- {
		if _, taken := r.now[*id]; !taken {
			break
		}
	}
	r.now[*id] = *v
}

func (r *rows[T]) sorted() []T {
	all := make([]T, 0, len(r.now))
	for _, id := range slices.Sorted(maps.Keys(r.now)) {
		all = append(all, r.now[id])
	}
	return all
}

// differ calls report with the name and the old JSON of each row that is not what it was.
func (r *rows[T]) differ(name string, report func(field, old string)) {
	for id, before := range r.was {
		after, stays := r.now[id]
		text := store.JSON(before)
		if !stays || store.JSON(after) != text {
			report(rowField(name, id), text)
		}
	}
	for id := range r.now {
		if _, was := r.was[id]; !was {
			report(rowField(name, id), "")
		}
	}
}

// rowField is how the feed names a row of a list.
func rowField(name string, id int64) string { return name + ":" + strconv.FormatInt(id, 10) }

func (r *rows[T]) restore(id int64, text string) error {
	if text == "" {
		delete(r.now, id)
		return nil
	}
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return err
	}
	if r.now == nil {
		r.now = map[int64]T{}
	}
	r.now[id] = v
	return nil
}

// diff finds what differs: names of the fields and the values they had.
func (s *state) diff() {
	s.fields, s.old, s.searched, s.copied = nil, map[string]string{}, s.fresh, copies{row: s.fresh}
	report := func(field, old string) {
		s.fields = append(s.fields, field)
		s.old[field] = old
	}
	for _, f := range fields {
		if was := f.value(&s.was); was != f.value(&s.now) {
			report(f.name, was)
			s.searched = s.searched || f.searched
			s.copied.row = s.copied.row || f.warehouse
		}
	}
	n := len(s.fields)
	s.emails.differ("email", report)
	s.copied.row = s.copied.row || len(s.fields) > n // it knows whether she has a mail address that can be one
	s.diffExternals(report)
	s.searched = s.searched || len(s.fields) > n
	s.phones.differ("phone", report)
	s.addresses.differ("address", report)
	n = len(s.fields)
	s.contacts.differ("contact", report)
	s.copied.contacts = len(s.fields) > n
	s.notes.differ("note", report)
	if !slices.Equal(s.wasTags, s.tags) {
		report(FieldTags, store.JSON(s.wasTags))
		s.copied.tags = true
	}
	n = len(s.fields)
	for key, was := range s.wasCustom {
		if s.custom[key] != was {
			report(customPrefix+key, was)
		}
	}
	for key := range s.custom {
		if _, was := s.wasCustom[key]; !was {
			report(customPrefix+key, "")
		}
	}
	s.copied.custom = len(s.fields) > n
	slices.Sort(s.fields)
}

func (s *state) diffExternals(report func(field, old string)) {
	was, now := bySource(s.wasExternals), bySource(s.exts)
	for source := range maps.Keys(was) {
		if !slices.Equal(was[source], now[source]) {
			report(externalField(source), store.JSON(was[source]))
		}
	}
	for source := range now {
		if _, known := was[source]; !known {
			report(externalField(source), "[]")
		}
	}
	if s.was.Source != s.now.Source || s.was.ExternalID != s.now.ExternalID {
		s.copied.row = true
	}
}

func bySource(all []External) map[int64][]string {
	ids := map[int64][]string{}
	for _, e := range all {
		ids[e.Source] = append(ids[e.Source], e.ID)
	}
	for _, list := range ids {
		slices.Sort(list)
	}
	return ids
}

func externalField(source int64) string { return fmt.Sprintf("external.%d", source) }

// partsOf are the parts that the fields of a change live in, and what saving them needs.
func partsOf(names []string) parts {
	var p parts
	for _, name := range names {
		switch prefix, _, _ := strings.Cut(name, ":"); prefix {
		case "email":
			p |= forSearch
		case "phone":
			p |= withPhones
		case "address":
			p |= withAddresses
		case "contact":
			p |= withContacts
		case "note":
			p |= withNotes
		case FieldTags:
			p |= withTags
		default:
			switch f := fieldOf(name); {
			case f != nil && (f.searched || f.name == "kind"):
				p |= forSearch
			case strings.HasPrefix(name, customPrefix):
				p |= withCustom
			case strings.HasPrefix(name, "external."):
				p |= forSearch
			}
		}
	}
	return p
}

// restore gives a field the value that diff once reported for it.
func (s *state) restore(name, text string) error {
	prefix, tail, isRow := strings.Cut(name, ":")
	if isRow {
		id, err := strconv.ParseInt(tail, 10, 64)
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		switch prefix {
		case "email":
			return s.emails.restore(id, text)
		case "phone":
			return s.phones.restore(id, text)
		case "address":
			return s.addresses.restore(id, text)
		case "contact":
			return s.contacts.restore(id, text)
		case "note":
			return s.notes.restore(id, text)
		}
	}
	if name == FieldTags {
		s.tags = nil
		return json.Unmarshal([]byte(text), &s.tags)
	}
	if key, ok := strings.CutPrefix(name, customPrefix); ok {
		s.setCustom(key, text)
		return nil
	}
	if tail, ok := strings.CutPrefix(name, "external."); ok {
		return s.restoreExternals(tail, text)
	}
	if f := fieldOf(name); f != nil {
		s.nameGiven = s.nameGiven || name == "name"
		return f.set(&s.now, text)
	}
	return fmt.Errorf("no field %q", name)
}

func (s *state) restoreExternals(tail, text string) error {
	source, err := strconv.ParseInt(tail, 10, 64)
	if err != nil {
		return err
	}
	var ids []string
	if err := json.Unmarshal([]byte(text), &ids); err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(s.exts), func(e External) bool { return e.Source == source && !slices.Contains(ids, e.ID) })
	for _, id := range ids {
		if !slices.ContainsFunc(kept, func(e External) bool { return e.Source == source && e.ID == id }) {
			kept = append(kept, External{Source: source, ID: id})
		}
	}
	s.exts = kept
	s.settleMain()
	return nil
}

// settleMain keeps the id that stands in the own row among those she has.
func (s *state) settleMain() {
	main := External{Source: s.now.Source, ID: s.now.ExternalID}
	if slices.ContainsFunc(s.exts, func(e External) bool { return e.Source == main.Source && e.ID == main.ID }) {
		return
	}
	s.now.ExternalID = ""
	if len(s.exts) > 0 {
		first := slices.MinFunc(s.exts, func(a, b External) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
		})
		s.now.Source, s.now.ExternalID = first.Source, first.ID
	}
}

func (s *state) setCustom(key, value string) {
	custom := maps.Clone(s.custom)
	if custom == nil {
		custom = map[string]string{}
	}
	if value == "" {
		delete(custom, key)
	} else {
		custom[key] = value
	}
	s.custom = custom
}

func (s *state) addTags(tags []string) {
	all := slices.Clone(s.tags)
	for _, t := range tags {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	slices.Sort(all)
	s.tags = all
}

// settle puts together what follows from other fields: the name, and the place in lists.
func (s *state) settle() {
	c := &s.now
	if c.Kind == Company && (c.Company == "" || s.nameGiven && c.Company == s.was.Company && c.Company == s.was.Name) {
		c.Company = c.Name
	}
	parted := c.FirstName != s.was.FirstName || c.LastName != s.was.LastName || c.Company != s.was.Company || c.Kind != s.was.Kind
	if c.Name == "" || parted && !s.nameGiven {
		c.Name = composedName(c)
	}
	if s.fresh || s.loaded&forSearch == forSearch {
		c.sortName, c.mail = s.place(), s.mail()
	}
}

func composedName(c *Customer) string {
	person := strings.TrimSpace(c.FirstName + " " + c.LastName)
	if c.Kind == Company || person == "" {
		return cmp.Or(c.Company, person, c.Name)
	}
	return person
}

// place is where lists by name show her; who has no name stands by her number or mail address.
func (s *state) place() string {
	c := &s.now
	if c.Kind == Person && c.LastName != "" {
		return sortKey(c.LastName + " " + c.FirstName)
	}
	return cmp.Or(sortKey(c.Name), sortKey(c.ExternalID), sortKey(s.mainMail()))
}

func (s *state) mail() int {
	best := noMail
	for _, e := range s.emails.now {
		best = max(best, badMail+store.Flag(e.Valid))
	}
	return best
}

func (s *state) mainMail() string {
	for _, e := range s.emails.sorted() {
		if e.Main {
			return e.Address
		}
	}
	return ""
}
