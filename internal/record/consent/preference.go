package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/i18n"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Topic is something one can want messages about or not.
type Topic struct {
	ID     int64
	Code   string
	De, En string
}

// Name is the topic in a language.
func (t Topic) Name(language string) string {
	if language == "de" || t.En == "" {
		return t.De
	}
	return t.En
}

// Topics lists the topics in their order.
func Topics(ctx context.Context, tx *store.Tx) ([]Topic, error) {
	rows, err := tx.Query(ctx, sqlTopics)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Topic
	for rows.Next() {
		var t Topic
		if err := rows.Scan(&t.ID, &t.Code, &t.De, &t.En); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

var topicCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// SetTopic adds a topic, or names the one with its code anew.
func SetTopic(ctx context.Context, tx *store.Tx, t Topic) error {
	t.De, t.En = strings.TrimSpace(t.De), strings.TrimSpace(t.En)
	switch {
	case !topicCode.MatchString(t.Code):
		return fault.New(fault.Invalid, "consent.topic_code", "text", t.Code).On("code")
	case t.De == "":
		return fault.New(fault.Invalid, "errors.required").On("de")
	case len(t.De) > maxShort || len(t.En) > maxShort:
		return fault.New(fault.Invalid, "errors.too_long", "max", maxShort).On("de")
	}
	if _, err := tx.Exec(ctx, sqlAddTopic, t.Code, t.De, t.En); err != nil {
		return err
	}
	_, err := feed.Append(ctx, tx, feed.New{Kind: "consent.topic_set", Body: map[string]any{"topic": t.Code}})
	return err
}

// DropTopic removes a topic. Who did not want it is not asked again.
func DropTopic(ctx context.Context, tx *store.Tx, code string) error {
	n, err := tx.Exec(ctx, sqlDropTopic, code)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "consent.no_topic")
	}
	if err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: "consent.topic_dropped", Body: map[string]any{"topic": code}})
	return err
}

// Preference is what somebody chose for her address, for whoever plans messages. The zero value is somebody who chose
// nothing.
type Preference struct {
	TopicsOff   []string
	Frequency   string    // one of Frequencies
	PausedUntil clock.Day // first day on which advertising may go out again, 0 for no pause; Check keeps to it
	Language    string
}

func preference(ctx context.Context, tx *store.Tx, id int64, address string) (Preference, error) {
	var p Preference
	var topics string
	var paused int64
	err := tx.QueryRow(ctx, sqlPreference, id, address).Scan(&topics, &p.Frequency, &paused, &p.Language)
	if errors.Is(err, store.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(topics), &p.TopicsOff)
	}
	p.PausedUntil = clock.Day(paused)
	return p, err
}

// Preferences reads what customers chose, at most about 1,000 at a time, by customer and folded address. Who chose nothing
// is missing.
func Preferences(ctx context.Context, tx *store.Tx, customers []int64) (map[Recipient]Preference, error) {
	all := map[Recipient]Preference{}
	rows, err := tx.Query(ctx, fmt.Sprintf(sqlPreferences, tx.Numbers("$1")), store.JSON(customers))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r Recipient
		var p Preference
		var topics string
		var paused int64
		if err := rows.Scan(&r.Customer, &r.Address, &topics, &p.Frequency, &paused, &p.Language); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(topics), &p.TopicsOff); err != nil {
			return nil, err
		}
		p.PausedUntil = clock.Day(paused)
		all[r] = p
	}
	return all, rows.Err()
}

// Often tells how often customers want to hear from us, at most about 1,000 at a time, by customer and folded address. Who did not
// choose is missing.
func Often(ctx context.Context, tx *store.Tx, customers []int64) (map[Recipient]string, error) {
	all := map[Recipient]string{}
	err := tx.Values(ctx, fmt.Sprintf(sqlOften, tx.Numbers("$1")), []any{store.JSON(customers)}, func(_ []string, row []any) error {
		id, _ := row[0].(int64)
		all[Recipient{id, asText(row[1])}] = asText(row[2])
		return nil
	})
	return all, err
}

// AnyOften tells whether anybody chose how often she wants to hear from us.
func AnyOften(ctx context.Context, tx *store.Tx) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, sqlAnyOften).Scan(&n)
	return n > 0, err
}

func savePreference(ctx context.Context, tx *store.Tx, h Holder, c Choices) error {
	topics, err := Topics(ctx, tx)
	if err != nil {
		return err
	}
	settings, err := company.Load(ctx, tx)
	if err != nil {
		return err
	}
	if err := c.check(clock.DayOf(tx.Now, settings.Zone()), topics, i18n.Languages()); err != nil {
		return err
	}
	var paused any
	if c.PausedTo != 0 {
		paused = int64(c.PausedTo)
	}
	if c.TopicsOff == nil {
		c.TopicsOff = []string{}
	}
	if _, err := tx.Exec(ctx, sqlSetPreference, h.Customer, h.Address, store.JSON(c.TopicsOff), c.Frequency, paused, c.Language, clock.Micros(tx.Now)); err != nil {
		return err
	}
	_, err = feed.Append(ctx, tx, feed.New{Kind: KindChosen, Customer: h.Customer, Subject: h.Customer})
	return err
}
