package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/customer"
)

// CustomerRef names a customer: by our id, by what the source calls her, or by a mail address.
type CustomerRef struct {
	ID         int64  `json:"id,omitempty"`
	ExternalID string `json:"external_id,omitempty" maxLength:"200"`
	Email      string `json:"email,omitempty" maxLength:"254"`
}

// maxMail is how many bytes a mail address has at most.
const maxMail = 254

// refOf names a customer in an answer; nobody is not named.
func refOf(id int64) *CustomerRef {
	if id == 0 {
		return nil
	}
	return &CustomerRef{ID: id}
}

// check makes sure that a reference names one customer in one way.
func (r *CustomerRef) check(c *checker, field string) {
	if r == nil {
		return
	}
	given := 0
	for _, is := range []bool{r.ID != 0, r.ExternalID != "", r.Email != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		c.fail(field, fault.New(fault.Invalid, "api.customer_ref"))
	}
	c.text(place(field, "external_id"), r.ExternalID, maxKey)
	if _, ok := customer.FoldMail(r.Email); r.Email != "" && (!ok || len(r.Email) > maxMail) {
		c.fail(place(field, "email"), fault.New(fault.Invalid, "errors.mail", "text", r.Email))
	}
}

// person is whom a reference turned out to name.
type person struct {
	id     int64
	erased bool // she was erased and must not come back
}

// people finds the customers that records of a source refer to and adds those that are not there yet. at names the
// place of the i-th reference.
func people(ctx context.Context, tx *store.Tx, source int64, refs []*CustomerRef, at func(int) string) ([]person, error) {
	found := make([]person, len(refs))
	var byKey, byMail, byID []int
	for i, r := range refs {
		switch {
		case r == nil:
		case r.ID != 0:
			byID = append(byID, i)
		case r.ExternalID != "":
			byKey = append(byKey, i)
		default:
			byMail = append(byMail, i)
		}
	}
	if len(byKey) == 1 { // one statement is enough for somebody known
		id, err := customer.Resolve(ctx, tx, source, refs[byKey[0]].ExternalID)
		if err != nil {
			return nil, err
		}
		if found[byKey[0]].id = id; id != 0 {
			byKey = nil
		}
	}
	if err := ensure(ctx, tx, source, customer.FieldExternalID, refs, byKey, found); err != nil {
		return nil, err
	}
	if err := ensure(ctx, tx, source, customer.FieldEmail, refs, byMail, found); err != nil {
		return nil, err
	}
	return found, existing(ctx, tx, refs, byID, found, at)
}

// existing checks references by our own id.
func existing(ctx context.Context, tx *store.Tx, refs []*CustomerRef, which []int, found []person, at func(int) string) error {
	if len(which) == 0 {
		return nil
	}
	ids := make([]int64, len(which))
	for n, i := range which {
		ids[n] = refs[i].ID
	}
	names, err := customer.Names(ctx, tx, ids)
	if err != nil {
		return err
	}
	var bad joined
	for _, i := range which {
		if _, ok := names[refs[i].ID]; !ok {
			bad.add(place(at(i), "id"), fault.New(fault.Invalid, "api.no_customer", "id", fmt.Sprint(refs[i].ID)))
		}
		found[i].id = refs[i].ID
	}
	return bad.err()
}

// ensure finds or adds those that field names.
func ensure(ctx context.Context, tx *store.Tx, source int64, field string, refs []*CustomerRef, which []int, found []person) error {
	if len(which) == 0 {
		return nil
	}
	rows := make([][]string, len(which))
	for n, i := range which {
		rows[n] = []string{refs[i].ExternalID}
		if field == customer.FieldEmail {
			rows[n][0] = refs[i].Email
		}
	}
	w, err := customer.Ensure(ctx, tx, customer.Batch{Source: source, Fields: []string{field}, Rows: rows})
	if err != nil {
		return err
	}
	told := map[int64]bool{}
	for n, o := range w.Outcomes {
		found[which[n]] = person{o.ID, o.Status == customer.Erased}
		if o.Status == customer.New && !told[o.ID] {
			told[o.ID] = true
			if err := tellCustomer(ctx, tx, o, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellCustomer appends the change of one customer to the feed.
func tellCustomer(ctx context.Context, tx *store.Tx, o customer.Outcome, w customer.Written) error {
	n := feed.New{Kind: customer.KindCreated, Customer: o.ID, Subject: o.ID}
	if within(w.Rows["customer"], o.ID) {
		n.Rows = feed.Rows{"customer": {{o.ID, o.ID}}}
	}
	if o.Status == customer.Changed {
		field := customer.OldField(o.ID)
		var before struct {
			Fields map[string]string `json:"fields"`
		}
		if err := json.Unmarshal([]byte(w.Old[field]), &before); err != nil {
			return err
		}
		n.Kind, n.Body = customer.KindChanged, map[string]any{"fields": slices.Sorted(maps.Keys(before.Fields))}
		n.Old = map[string]string{field: w.Old[field]}
	}
	_, err := feed.Append(ctx, tx, n)
	return err
}
