package message

import (
	"context"
	"slices"
	"time"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

// follower is the name of the Sender among the followers of the feed.
const follower = "message"

const (
	followRows  = 500
	followPause = time.Second
)

// follow takes back what is pending for customers who withdraw, object or choose otherwise, as soon as they do. Nothing depends
// on it being quick: the gates are asked again before anything leaves. It is for the pages, which should not say that somebody
// will get a message who never will.
func (s *Sender) follow(ctx context.Context) {
	for ctx.Err() == nil {
		changed := s.DB.Changed()
		more, err := s.followOnce(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			s.Log.Error("messages: cannot follow the feed", "error", err)
			pause(ctx, longWait, nil)
		case !more:
			pause(ctx, longWait, changed)
			pause(ctx, followPause, nil)
		}
	}
}

// followOnce reads on in the feed and tells whether there may be more. The first time it begins at the end.
func (s *Sender) followOnce(ctx context.Context) (more bool, err error) {
	var customers []int64
	var before, after feed.Cursor
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		customers = nil
		if before, err = feed.Position(ctx, tx, follower); err != nil {
			return err
		}
		if before == (feed.Cursor{}) {
			after, err = feed.Head(ctx, tx)
			return err
		}
		changes, next, err := feed.Read(ctx, tx, before, followRows)
		after, more = next, len(changes) == followRows
		for _, c := range changes {
			switch c.Kind {
			case consent.KindWithdrawn, consent.KindObjected, consent.KindChosen:
				if c.Customer != 0 && !slices.Contains(customers, c.Customer) {
					customers = append(customers, c.Customer)
				}
			}
		}
		return err
	})
	if err != nil || after == before {
		return false, err
	}
	return more, s.DB.Write(ctx, store.System(), func(tx *store.Tx) error {
		for _, id := range customers {
			if _, err := Reconsider(ctx, tx, id); err != nil {
				return err
			}
		}
		return feed.Advance(ctx, tx, follower, after)
	})
}
