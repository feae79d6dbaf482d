package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/auth"
	"stamm/internal/record/event"
)

// EventBody is an event as it is sent.
type EventBody struct {
	Customer   *CustomerRef    `json:"customer,omitempty"`
	Name       string          `json:"name" maxLength:"100"`
	Time       string          `json:"time"`
	Properties json.RawMessage `json:"properties,omitempty"`
}

// EventRecord is an event in a batch.
type EventRecord struct {
	ID string `json:"id" maxLength:"200"`
	EventBody
}

// EventBatch are events of one source sent together.
type EventBatch struct {
	Source  string        `json:"source" maxLength:"100"`
	Records []EventRecord `json:"records" maxItems:"1000" nullable:"false"`
}

// Event is an event as it is kept.
type Event struct {
	ID         int64  `json:"id"`
	Source     string `json:"source"`
	ExternalID string `json:"external_id"`
	EventBody
	Day string `json:"day" format:"date"`
}

func (s *server) addEvents() {
	const tag = "events"
	add(s, route{id: "list_events", method: http.MethodGet, path: "/events", tag: tag, scope: auth.ReadCustomers}, s.listEvents)
	add(s, route{id: "get_event", method: http.MethodGet, path: "/events/{id}", tag: tag, scope: auth.ReadCustomers}, s.getEvent)
	add(s, route{id: "put_event", method: http.MethodPut, path: "/events/{source}/{external_id}", tag: tag, scope: auth.WriteEvents,
		body: bodyOf[EventBody]()}, s.putEvent)
	add(s, route{id: "post_events", method: http.MethodPost, path: "/events", tag: tag, scope: auth.WriteEvents,
		body: bodyOf[EventBatch](), limit: maxBatchBody}, s.postEvents)
}

type eventQuery struct {
	PageQuery
	Customer int64 `query:"customer" required:"true" minimum:"1"`
}

func (s *server) listEvents(ctx context.Context, _ *call, in *eventQuery) (page Page[Event], err error) {
	page.Items = []Event{}
	at, id, err := in.place()
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		all, err := event.OfCustomer(ctx, tx, in.Customer, at, id, in.Limit)
		for _, e := range all {
			page.Items = append(page.Items, eventOf(e, names))
		}
		if len(all) == in.Limit {
			last := all[len(all)-1]
			page.Next = placeText(last.At, last.ID)
		}
		return err
	})
	return page, err
}

func (s *server) getEvent(ctx context.Context, _ *call, in *IDPath) (found Event, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		names, err := sourceNames(ctx, tx)
		if err != nil {
			return err
		}
		e, err := event.Load(ctx, tx, in.ID)
		if err == nil {
			found = eventOf(e, names)
		}
		return err
	})
	return found, err
}

func eventOf(e *event.Event, names map[int64]string) Event {
	return Event{ID: e.ID, Source: names[e.Source], ExternalID: e.ExternalID, Day: e.Day.String(),
		EventBody: EventBody{Customer: refOf(e.Customer), Name: e.Name, Time: timeText(e.At), Properties: e.Properties}}
}

type externalPath struct {
	Source     string `path:"source"`
	ExternalID string `path:"external_id"`
}

func (s *server) putEvent(ctx context.Context, c *call, in *externalPath) (*Outcome, error) {
	body, err := decode[EventBody](c)
	if err != nil {
		return nil, err
	}
	out, err := s.writeEvents(ctx, c, in.Source, []EventRecord{{in.ExternalID, *body}}, func(int) string { return "" })
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (s *server) postEvents(ctx context.Context, c *call, _ *struct{}) (*BatchOutcome, error) {
	batch, err := decode[EventBatch](c)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(batch.Records, "id", func(r *EventRecord) any { return r.ID }); err != nil {
		return nil, err
	}
	out, err := s.writeEvents(ctx, c, batch.Source, batch.Records, record)
	if err != nil {
		return nil, err
	}
	return batchOutcome(out), nil
}

// event checks a record.
func (r *EventRecord) event(settings settings) (*event.Event, error) {
	var c checker
	e := &event.Event{ExternalID: c.key("id", r.ID), Name: c.text("name", r.Name, event.MaxName)}
	if r.Name == "" {
		c.fail("name", fault.New(fault.Invalid, "errors.required"))
	}
	r.Customer.check(&c, "customer")
	e.At, e.Day = c.when("time", r.Time, settings.zone)
	e.Properties = c.properties("properties", r.Properties)
	if len(e.Properties) > event.MaxProperties {
		c.fail("properties", fault.New(fault.Invalid, "event.properties_too_large", "max", event.MaxProperties))
	}
	return e, c.bad.err()
}

func (s *server) writeEvents(ctx context.Context, c *call, source string, records []EventRecord, at func(int) string) ([]Outcome, error) {
	settings, err := s.company.get(ctx)
	if err != nil {
		return nil, err
	}
	from, err := s.origin(ctx, source)
	if err != nil {
		return nil, err
	}
	var bad joined
	bad.add("", checkSource(source))
	checked := make([]*event.Event, len(records))
	refs := make([]*CustomerRef, len(records))
	for i := range records {
		if checked[i], err = records[i].event(settings); err != nil {
			bad.add(at(i), err)
		}
		refs[i] = records[i].Customer
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	var out []Outcome
	err = c.write(ctx, len(records), func(tx *store.Tx) (err error) {
		out, err = storeEvents(ctx, tx, from, checked, refs, at)
		return err
	})
	return out, err
}

// storeEvents writes checked events with the customers they name. What an erased person did is not kept.
func storeEvents(ctx context.Context, tx *store.Tx, from origin, checked []*event.Event, refs []*CustomerRef, at func(int) string) ([]Outcome, error) {
	source, err := from.source(ctx, tx)
	if err != nil {
		return nil, err
	}
	who, err := people(ctx, tx, source, refs, func(i int) string { return place(at(i), "customer") })
	if err != nil {
		return nil, err
	}
	written := make([]*event.Event, len(checked))
	byOrigin := map[feed.Origin][]*event.Event{}
	for i, e := range checked {
		if who[i].erased {
			continue
		}
		fresh := *e // the function may run twice
		fresh.Source, fresh.Customer = source, who[i].id
		written[i] = &fresh
		o := from.of(fresh.Day)
		byOrigin[o] = append(byOrigin[o], &fresh)
	}
	for _, o := range []feed.Origin{feed.Live, feed.History} {
		if len(byOrigin[o]) == 0 {
			continue
		}
		if _, err := event.Add(ctx, tx, byOrigin[o], o); err != nil {
			return nil, err
		}
	}
	return eventOutcomes(ctx, tx, source, written)
}

// eventOutcomes tells which events were there already, and their ids.
func eventOutcomes(ctx context.Context, tx *store.Tx, source int64, written []*event.Event) ([]Outcome, error) {
	out := make([]Outcome, len(written))
	var before []string
	for i, e := range written {
		switch {
		case e == nil:
			out[i] = Outcome{Outcome: outcomeErased}
		case e.ID != 0:
			out[i] = Outcome{e.ID, outcomeNew}
		default:
			before = append(before, e.ExternalID)
		}
	}
	if len(before) == 0 {
		return out, nil
	}
	ids, err := event.IDs(ctx, tx, source, before)
	for i, e := range written {
		if e != nil && e.ID == 0 {
			out[i] = Outcome{ids[e.ExternalID], outcomeUnchanged}
		}
	}
	return out, err
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
