package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"stamm/internal/platform/clock"
	"stamm/internal/platform/fault"
	"stamm/internal/platform/store"
)

// Schedule enqueues a job again and again. While the job of its last turn is alive a turn enqueues nothing.
type Schedule struct {
	Name string // unique; the jobs have the key "schedule:" + Name
	Kind string
	Args any
	Spec string    // see ParseSpec
	Next time.Time // when it is next due; SetSchedule works it out
}

// Spec says when a schedule is due.
type Spec struct {
	every        time.Duration // > 0: after so much time
	weekly       bool
	weekday      time.Weekday
	hour, minute int
}

var weekdays = map[string]time.Weekday{"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday}

const maxEvery = 366 * 24 * time.Hour

// ParseSpec reads "every 15m" (at least one minute), "daily 03:00" or "weekly monday 07:30"; times of day are local.
// Anything else is an invalid fault.
func ParseSpec(text string) (Spec, error) {
	bad := fault.New(fault.Invalid, "jobs.spec", "text", text)
	words := strings.Fields(strings.ToLower(text))
	var s Spec
	switch {
	case len(words) == 2 && words[0] == "every":
		d, err := time.ParseDuration(words[1])
		if err != nil || d < time.Minute || d > maxEvery {
			return Spec{}, bad
		}
		return Spec{every: d}, nil
	case len(words) == 2 && words[0] == "daily":
	case len(words) == 3 && words[0] == "weekly":
		day, ok := weekdays[words[1]]
		if !ok {
			return Spec{}, bad
		}
		s.weekly, s.weekday = true, day
	default:
		return Spec{}, bad
	}
	at, err := time.Parse("15:04", words[len(words)-1])
	if err != nil {
		return Spec{}, bad
	}
	s.hour, s.minute = at.Hour(), at.Minute()
	return s, nil
}

// Next is the first time after that instant at which the schedule is due in loc. A time of day that the clocks skip is
// due as much later as they skip.
func (s Spec) Next(after time.Time, loc *time.Location) time.Time {
	if s.every > 0 {
		return after.Add(s.every)
	}
	for day := clock.DayOf(after, loc); ; day = day.AddDays(1) {
		if s.weekly && day.Weekday() != s.weekday {
			continue
		}
		y, m, d := day.Date()
		if t := time.Date(y, m, d, s.hour, s.minute, 0, 0, loc); t.After(after) {
			return t.UTC()
		}
	}
}

// SetSchedule adds a schedule or changes the one of its name; as long as its spec stays, so does the time it is next
// due. loc is the zone of its times of day. A spec that cannot be read is an invalid fault on "spec".
func SetSchedule(ctx context.Context, tx *store.Tx, s Schedule, loc *time.Location) error {
	spec, err := ParseSpec(s.Spec)
	if err != nil {
		return fault.As(err).On("spec")
	}
	_, err = tx.Exec(ctx, sqlSchedule, s.Name, s.Kind, store.JSON(s.Args), s.Spec, clock.Micros(spec.Next(tx.Now, loc)))
	return err
}

// DropSchedule removes a schedule; jobs it enqueued stay. One that does not exist is no error.
func DropSchedule(ctx context.Context, tx *store.Tx, name string) error {
	_, err := tx.Exec(ctx, sqlUnschedule, name)
	return err
}

// Schedules lists all schedules by name. Args are json.RawMessage.
func Schedules(ctx context.Context, tx *store.Tx) ([]Schedule, error) {
	return schedules(ctx, tx, sqlSchedules)
}

func schedules(ctx context.Context, tx *store.Tx, text string, args ...any) ([]Schedule, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Schedule
	for rows.Next() {
		var s Schedule
		var raw string
		var next int64
		if err := rows.Scan(&s.Name, &s.Kind, &raw, &s.Spec, &next); err != nil {
			return nil, err
		}
		s.Args, s.Next = json.RawMessage(raw), clock.Time(next)
		all = append(all, s)
	}
	return all, rows.Err()
}

// fire enqueues the jobs of all schedules that are due and moves each on. Turns missed while nobody ran are made up by
// one.
func fire(ctx context.Context, tx *store.Tx, loc *time.Location) error {
	due, err := schedules(ctx, tx, sqlScheduleDue, clock.Micros(tx.Now))
	if err != nil {
		return err
	}
	for _, s := range due {
		spec, err := ParseSpec(s.Spec)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", s.Name, err)
		}
		moved, err := tx.Exec(ctx, sqlScheduleMove, s.Name, clock.Micros(s.Next), clock.Micros(spec.Next(tx.Now, loc)))
		if err != nil {
			return err
		}
		if moved == 0 {
			continue // another runner was first
		}
		if _, err := Enqueue(ctx, tx, New{Kind: s.Kind, Key: "schedule:" + s.Name, Args: s.Args}); err != nil {
			return err
		}
	}
	return nil
}
