package api

import (
	"context"
	"encoding/json"
	"net/http"

	"stamm/internal/insight/segment"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/filter"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
)

// Segments is what answers about segments need: a warehouse that follows the store, and what can be asked for.
type Segments struct {
	House  *warehouse.DB
	Fields segment.Fields
}

// SegmentBody is a segment as it is sent: the condition as text or as JSON.
type SegmentBody struct {
	Name        *string         `json:"name,omitempty" maxLength:"100"`
	Description *string         `json:"description,omitempty" maxLength:"2000"`
	Text        *string         `json:"text,omitempty"`
	Condition   json.RawMessage `json:"condition,omitempty"`
	Tracked     *bool           `json:"tracked,omitempty"`
}

// SegmentQuestion is a condition that is asked without being saved, as text or as JSON.
type SegmentQuestion struct {
	Text      *string         `json:"text,omitempty"`
	Condition json.RawMessage `json:"condition,omitempty"`
	AsOf      string          `json:"as_of,omitempty" format:"date"`
}

// Segment is a segment as it is kept.
type Segment struct {
	ID          int64           `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Kind        string          `json:"kind" enum:"live,frozen"`
	FrozenOn    string          `json:"frozen_on,omitempty" format:"date"`
	Tracked     bool            `json:"tracked"`
	Archived    bool            `json:"archived"`
	Size        *int64          `json:"size,omitempty"`
	Trouble     string          `json:"trouble,omitempty"`
	Text        string          `json:"text"`
	Sentence    string          `json:"sentence"`
	Condition   json.RawMessage `json:"condition"`
	CreatedAt   string          `json:"created_at"`
	ChangedAt   string          `json:"changed_at"`
}

// SegmentCount is how many customers a condition means.
type SegmentCount struct {
	AsOf     string `json:"as_of" format:"date"`
	Count    int64  `json:"count"`
	Text     string `json:"text"`
	Sentence string `json:"sentence"`

	Notes []string `json:"notes,omitempty"`
}

// SegmentCustomer is a customer in a segment.
type SegmentCustomer struct {
	ID         int64  `json:"id"`
	ExternalID string `json:"external_id,omitempty"`
}

// SegmentReason tells why a customer is in a segment, or is not.
type SegmentReason struct {
	AsOf   string        `json:"as_of" format:"date"`
	ID     int64         `json:"id"`
	In     bool          `json:"in"`
	Counts bool          `json:"counts"`
	Parts  []SegmentPart `json:"parts"`
}

// SegmentPart is one comparison of a condition, for one customer.
type SegmentPart struct {
	Text     string `json:"text"`
	Sentence string `json:"sentence"`
	Holds    bool   `json:"holds"`
	Measured string `json:"measured"`
}

func (s *server) addSegments() {
	const tag = "segments"
	body, question := bodyOf[SegmentBody](), bodyOf[SegmentQuestion]()
	add(s, route{id: "list_segments", method: http.MethodGet, path: "/segments", tag: tag, scope: auth.ReadCustomers}, s.listSegments)
	add(s, route{id: "post_segment", method: http.MethodPost, path: "/segments", tag: tag, scope: auth.WriteSegments, body: body, limit: filter.MaxJSON, status: http.StatusCreated}, s.postSegment)
	add(s, route{id: "count_condition", method: http.MethodPost, path: "/segments/count", tag: tag, scope: auth.ReadCustomers, body: question, limit: filter.MaxJSON}, s.countCondition)
	add(s, route{id: "list_condition_fields", method: http.MethodGet, path: "/segments/fields", tag: tag, scope: auth.ReadCustomers}, s.listConditionFields)
	add(s, route{id: "get_segment", method: http.MethodGet, path: "/segments/{id}", tag: tag, scope: auth.ReadCustomers}, s.getSegment)
	add(s, route{id: "patch_segment", method: http.MethodPatch, path: "/segments/{id}", tag: tag, scope: auth.WriteSegments, body: body, limit: filter.MaxJSON}, s.patchSegment)
	add(s, route{id: "delete_segment", method: http.MethodDelete, path: "/segments/{id}", tag: tag, scope: auth.WriteSegments}, s.deleteSegment)
	add(s, route{id: "count_segment", method: http.MethodGet, path: "/segments/{id}/count", tag: tag, scope: auth.ReadCustomers}, s.countSegment)
	add(s, route{id: "list_segment_customers", method: http.MethodGet, path: "/segments/{id}/customers", tag: tag, scope: auth.ReadCustomers}, s.listSegmentCustomers)
	add(s, route{id: "explain_segment", method: http.MethodGet, path: "/segments/{id}/explain", tag: tag, scope: auth.ReadCustomers}, s.explainSegment)
}

// withSegments runs fn with the segments in a read transaction.
func (s *server) withSegments(ctx context.Context, fn func(*store.Tx, *segment.Book) error) error {
	return s.db.Read(ctx, func(tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, s.segments.Fields)
		if err != nil {
			return err
		}
		return fn(tx, b)
	})
}

func (s *server) listSegments(ctx context.Context, c *call, _ *struct{}) (page Page[Segment], err error) {
	page.Items = []Segment{}
	p := c.printer(ctx)
	err = s.withSegments(ctx, func(_ *store.Tx, b *segment.Book) error {
		for _, found := range b.Segments() {
			page.Items = append(page.Items, segmentOf(p, b, found))
		}
		return nil
	})
	return page, err
}

// ConditionFields is what conditions can ask for.
type ConditionFields struct {
	Fields []segment.ConditionField `json:"fields"`
}

func (s *server) listConditionFields(ctx context.Context, c *call, _ *struct{}) (list ConditionFields, err error) {
	p := c.printer(ctx)
	err = s.withSegments(ctx, func(_ *store.Tx, b *segment.Book) error {
		list.Fields = b.Fields(p)
		return nil
	})
	return list, err
}

func (s *server) getSegment(ctx context.Context, c *call, in *IDPath) (shown Segment, err error) {
	p := c.printer(ctx)
	err = s.withSegments(ctx, func(_ *store.Tx, b *segment.Book) error {
		found, err := b.Find(in.ID)
		if err == nil {
			shown = segmentOf(p, b, found)
		}
		return err
	})
	return shown, err
}

func segmentOf(p *i18n.Printer, b *segment.Book, s *segment.Segment) Segment {
	tree := b.Condition(s)
	shown := Segment{ID: s.ID, Name: s.Name, Description: s.Description, Kind: string(s.Kind), Tracked: s.Tracked, Archived: s.Archived != nil,
		Text: b.Text(tree), Sentence: b.Sentence(p, tree), Condition: json.RawMessage(store.JSON(tree)), CreatedAt: timeText(s.CreatedAt), ChangedAt: timeText(s.ChangedAt)}
	if s.FrozenOn != nil {
		shown.FrozenOn = s.FrozenOn.String()
	}
	if s.Known() {
		shown.Size = &s.Size
	}
	if err := b.Trouble(s); err != nil && s.Archived == nil {
		shown.Trouble = p.Err(err)
	}
	return shown
}

// conditionOf reads a condition that was sent as text or as JSON; nil where there is neither.
func conditionOf(b *segment.Book, text *string, tree json.RawMessage) (*filter.Tree, error) {
	var t filter.Tree
	var err error
	switch {
	case text != nil && tree != nil:
		return nil, fault.New(fault.Invalid, "api.condition_twice").On("condition")
	case text != nil:
		if t, err = b.Parse(*text); err != nil {
			return nil, onField(err, "text")
		}
	case tree != nil:
		if err = t.UnmarshalJSON(tree); err != nil {
			return nil, onField(err, "condition")
		}
	default:
		return nil, nil
	}
	return &t, nil
}

// onField says in which field of the body the mistake stands.
func onField(err error, field string) error {
	if f := fault.As(err); f.Code == fault.Invalid {
		return f.On(field)
	}
	return err
}

func (s *server) postSegment(ctx context.Context, c *call, _ *struct{}) (Segment, error) {
	body, err := decode[SegmentBody](c)
	if err != nil {
		return Segment{}, err
	}
	return s.writeSegment(ctx, c, func(tx *store.Tx, b *segment.Book) (int64, error) {
		t, err := conditionOf(b, body.Text, body.Condition)
		if err != nil {
			return 0, err
		}
		if t == nil {
			return 0, fault.New(fault.Invalid, "errors.required").On("text")
		}
		d := segment.Draft{Condition: *t}
		if body.Name != nil {
			d.Name = *body.Name
		}
		if body.Description != nil {
			d.Description = *body.Description
		}
		d.Tracked = body.Tracked != nil && *body.Tracked
		return segment.Create(ctx, tx, b, d)
	})
}

func (s *server) patchSegment(ctx context.Context, c *call, in *IDPath) (Segment, error) {
	body, err := decode[SegmentBody](c)
	if err != nil {
		return Segment{}, err
	}
	return s.writeSegment(ctx, c, func(tx *store.Tx, b *segment.Book) (int64, error) {
		t, err := conditionOf(b, body.Text, body.Condition)
		if err != nil {
			return 0, err
		}
		_, err = segment.Change(ctx, tx, b, in.ID, segment.Patch{Name: body.Name, Description: body.Description, Tracked: body.Tracked, Condition: t})
		return in.ID, err
	})
}

func (s *server) deleteSegment(ctx context.Context, c *call, in *IDPath) (Segment, error) {
	return s.writeSegment(ctx, c, func(tx *store.Tx, b *segment.Book) (int64, error) {
		archived := true
		_, err := segment.Change(ctx, tx, b, in.ID, segment.Patch{Archived: &archived})
		return in.ID, err
	})
}

// writeSegment runs fn, which makes or changes a segment, and answers with the segment.
func (s *server) writeSegment(ctx context.Context, c *call, fn func(*store.Tx, *segment.Book) (int64, error)) (shown Segment, err error) {
	p := c.printer(ctx)
	err = c.write(ctx, 1, func(tx *store.Tx) error {
		b, err := segment.Open(ctx, tx, s.segments.Fields)
		if err != nil {
			return err
		}
		id, err := fn(tx, b)
		if err != nil {
			return err
		}
		if b, err = segment.Open(ctx, tx, s.segments.Fields); err != nil {
			return err
		}
		found, err := b.Find(id)
		if err == nil {
			shown = segmentOf(p, b, found)
		}
		return err
	})
	return shown, err
}

// AsOfQuery is how an address says as of which day is asked.
type AsOfQuery struct {
	AsOf string `query:"as_of" format:"date"`
}

// day is the day asked about, today where none is named.
func (q AsOfQuery) day(today clock.Day) (clock.Day, error) {
	if q.AsOf == "" {
		return today, nil
	}
	d, err := clock.ParseDay(q.AsOf)
	if err != nil {
		return 0, fault.As(err).On("as_of")
	}
	return d, nil
}

// question is a segment, compiled as of a day.
type question struct {
	book  *segment.Book
	tree  filter.Tree
	query *filter.Query
	asOf  clock.Day
}

// questionOf compiles a segment, and waits until the warehouse knows what was so when the call began.
func (s *server) questionOf(ctx context.Context, id int64, as AsOfQuery) (q question, err error) {
	err = s.withSegments(ctx, func(_ *store.Tx, b *segment.Book) error {
		found, err := b.Find(id)
		if err != nil {
			return err
		}
		if q.asOf, err = as.day(b.Today); err != nil {
			return err
		}
		q.book, q.tree = b, b.Condition(found)
		q.query, err = b.Of(found, q.asOf)
		return err
	})
	if err != nil {
		return q, err
	}
	return q, s.segments.House.Reach(ctx, s.db)
}

func (s *server) count(ctx context.Context, c *call, q question) (SegmentCount, error) {
	n, err := segment.Count(ctx, s.segments.House, q.query)
	p := c.printer(ctx)
	return SegmentCount{AsOf: q.asOf.String(), Count: n, Text: q.book.Text(q.tree), Sentence: q.book.Sentence(p, q.tree), Notes: q.query.Ahead(p)}, err
}

type segmentCountQuery struct {
	IDPath
	AsOfQuery
}

func (s *server) countSegment(ctx context.Context, c *call, in *segmentCountQuery) (SegmentCount, error) {
	q, err := s.questionOf(ctx, in.ID, in.AsOfQuery)
	if err != nil {
		return SegmentCount{}, err
	}
	return s.count(ctx, c, q)
}

func (s *server) countCondition(ctx context.Context, c *call, _ *struct{}) (SegmentCount, error) {
	body, err := decode[SegmentQuestion](c)
	if err != nil {
		return SegmentCount{}, err
	}
	var q question
	err = s.withSegments(ctx, func(_ *store.Tx, b *segment.Book) error {
		t, err := conditionOf(b, body.Text, body.Condition)
		if err != nil {
			return err
		}
		if t == nil {
			return fault.New(fault.Invalid, "errors.required").On("text")
		}
		if q.asOf, err = (AsOfQuery{body.AsOf}).day(b.Today); err != nil {
			return err
		}
		q.book, q.tree = b, *t
		if q.query, err = b.Query(*t, q.asOf); err != nil {
			return onField(err, map[bool]string{true: "text", false: "condition"}[body.Text != nil])
		}
		return nil
	})
	if err == nil {
		err = s.segments.House.Reach(ctx, s.db)
	}
	if err != nil {
		return SegmentCount{}, err
	}
	return s.count(ctx, c, q)
}

type segmentCustomersQuery struct {
	IDPath
	PageQuery
	AsOfQuery
}

func (s *server) listSegmentCustomers(ctx context.Context, _ *call, in *segmentCustomersQuery) (page Page[SegmentCustomer], err error) {
	page.Items = []SegmentCustomer{}
	after, err := in.id()
	if err != nil {
		return page, err
	}
	q, err := s.questionOf(ctx, in.ID, in.AsOfQuery)
	if err != nil {
		return page, err
	}
	ids, err := segment.Customers(ctx, s.segments.House, q.query, after, in.Limit)
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		numbers, err := segment.Numbers(ctx, tx, ids)
		for _, id := range ids {
			page.Items = append(page.Items, SegmentCustomer{id, numbers[id]})
		}
		return err
	})
	if len(ids) == in.Limit {
		page.Next = idText(ids[len(ids)-1])
	}
	return page, err
}

type segmentExplainQuery struct {
	IDPath
	AsOfQuery
	Customer int64 `query:"customer" required:"true" minimum:"1"`
}

func (s *server) explainSegment(ctx context.Context, c *call, in *segmentExplainQuery) (SegmentReason, error) {
	q, err := s.questionOf(ctx, in.ID, in.AsOfQuery)
	if err != nil {
		return SegmentReason{}, err
	}
	reasons, err := segment.Explain(ctx, s.segments.House, q.query, []int64{in.Customer})
	if err != nil {
		return SegmentReason{}, err
	}
	shown := SegmentReason{AsOf: q.asOf.String(), ID: in.Customer, Parts: []SegmentPart{}}
	p := c.printer(ctx)
	for _, r := range reasons {
		shown.In, shown.Counts = r.In, true
		for _, part := range r.Parts {
			shown.Parts = append(shown.Parts, SegmentPart{q.book.Text(filter.Tree{Is: &part.Condition}), q.book.Words(p, part), part.Holds, q.book.Measured(p, part)})
		}
	}
	return shown, nil
}
