package feed_test

import (
	"testing"

	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/platform/store/storetest"
)

// since asks whether another change than a quiet one came after a moment.
func since(t *testing.T, db *store.DB, m feed.Mark) (yes bool) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		yes, err = feed.Since(t.Context(), tx, m, []string{"quiet.one", "quiet.two"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func now(t *testing.T, db *store.DB) (m feed.Mark) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *store.Tx) (err error) { m, err = feed.Now(t.Context(), tx); return err }); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhetherAnythingHappenedSinceAMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		add := func(kind string) {
			t.Helper()
			write(t, db, func(tx *store.Tx) error { _, err := feed.Append(t.Context(), tx, feed.New{Kind: kind}); return err })
		}
		add("thing.changed")
		before := now(t, db)
		if since(t, db, before) {
			t.Error("nothing happened, and Since says something did")
		}
		add("quiet.one")
		add("quiet.two")
		if since(t, db, before) {
			t.Error("only what shall not count happened, and Since says something did")
		}
		add("thing.changed")
		if !since(t, db, before) {
			t.Error("something happened, and Since says no")
		}
		if after := now(t, db); since(t, db, after) || !before.Before(after) {
			t.Error("a later moment sees the change before it")
		}
	})
}

func TestAChangeUnderWayAtAMomentCountsAsLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect() == store.SQLite {
			return // its changes are committed in the order of their numbers
		}
		begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- db.Write(t.Context(), store.System(), func(tx *store.Tx) error {
				if _, err := feed.Append(t.Context(), tx, feed.New{Kind: "thing.changed"}); err != nil {
					return err
				}
				close(begun)
				<-goOn
				return nil
			})
		}()
		<-begun
		m := now(t, db)
		write(t, db, func(tx *store.Tx) error { // a later number, committed earlier
			_, err := feed.Append(t.Context(), tx, feed.New{Kind: "quiet.one"})
			return err
		})
		close(goOn)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if !since(t, db, m) {
			t.Error("a change that was committed after the moment was passed over")
		}
	})
}
