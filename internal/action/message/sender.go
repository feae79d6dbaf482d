package message

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"runtime/debug"
	"sync"
	"time"

	"stamm/internal/platform/fault"
	"stamm/internal/platform/feed"
	"stamm/internal/platform/store"
	"stamm/internal/record/company"
)

// Sender takes what is due out of the ledger and hands it over to an outlet: by several connections, each message once.
//
// Feeders claim messages in batches and have them written, a batch in one read transaction. Each connection takes one, has
// it marked as attempting, sends it and keeps the result until its next mark, so that a message costs one durable write; the
// marks of all connections that wait at the same moment are one transaction.
type Sender struct {
	DB          *store.DB
	Outlet      Outlet
	Composers   map[string]Composer // by kind
	Connections int                 // how many, 8 by default
	Log         *slog.Logger        // slog.Default by default
	// From is who sends what its Composer gave no sender; nil leaves that to the outlet.
	From func(ctx context.Context, tx *store.Tx) (mail.Address, error)

	runner   string
	location *time.Location

	feeding context.CancelFunc // no new claims
	hard    context.CancelFunc // nothing more at all
	work    context.Context
	urgent  chan *job // outside of measures
	usual   chan *job
	turns   chan turn
	feeders sync.WaitGroup
	senders sync.WaitGroup
	markers sync.WaitGroup
	plenty  int // turns that wait for no others
	ended   chan struct{}

	mu      sync.Mutex
	settled []*claim // nothing is left of them, but that they are to be dropped
	dropped time.Time
	fronts  map[int64]front // by measure
}

const (
	sqliteMarkers   = 1                    // what comes while it commits is the next batch
	postgresMarkers = 2                    // commits go on beside each other
	gatherTime      = 2 * time.Millisecond // how long a batch of marks waits for others, while it is small
	smallBatch      = 16
	largeBatch      = 300
	batchTime       = time.Second // a batch should keep the connections busy about so long
	longWait        = 5 * time.Second
	idleTime        = 20 * time.Second // after which a connection without work is closed
	firstPause      = 500 * time.Millisecond
	lastPause       = time.Minute
	leastPutOff     = time.Second // a message that may not leave yet is not looked at again before
)

// Start finds what an earlier process left and begins to send; it returns at once. On SQLite, whose file has one owner, all
// that was claimed belongs to the dead.
func (s *Sender) Start(ctx context.Context) error {
	if s.Connections <= 0 {
		s.Connections = 8
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	s.runner = rand.Text()
	s.fronts = map[int64]front{}
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		settings, err := company.Load(ctx, tx)
		s.location = settings.Zone()
		return err
	})
	if err != nil {
		return err
	}
	if err := s.recover(ctx, s.DB.Dialect() == store.SQLite); err != nil {
		return err
	}
	if _, err := s.followOnce(ctx); err != nil { // the first time this says where it begins
		return err
	}
	feeding, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.work, s.hard = context.WithCancel(context.WithoutCancel(ctx))
	s.feeding, s.ended = stop, make(chan struct{})
	// As many wait as there are connections: who finds nothing at once has its last result written alone.
	s.urgent, s.usual = make(chan *job, s.Connections), make(chan *job, s.Connections)
	s.turns = make(chan turn, s.Connections)
	markers := sqliteMarkers
	if s.DB.Dialect() == store.Postgres {
		markers = postgresMarkers
	}
	s.plenty = max(s.Connections/2/markers, 1)
	for range markers {
		s.markers.Go(s.mark)
	}
	s.feeders.Go(func() { s.feed(feeding, s.urgent, func(m int64) bool { return m == 0 }) })
	for range 2 { // one has a batch written while the other's is sent
		s.feeders.Go(func() { s.feed(feeding, s.usual, func(m int64) bool { return m != 0 }) })
	}
	s.feeders.Go(func() { s.follow(feeding) })
	for range s.Connections {
		s.senders.Go(func() { s.connect(feeding) })
	}
	go s.beat()
	return nil
}

// Close sends no more messages: what is under way is finished and written down, what was claimed is free again. If ctx ends
// before, what is still under way is left to be found as unclear. What was not started closes at once.
func (s *Sender) Close(ctx context.Context) error {
	if s.feeding == nil {
		return nil
	}
	s.feeding()
	s.feeding = nil // twice is once
	idle := make(chan struct{})
	go func() {
		s.feeders.Wait()
		s.senders.Wait()
		close(s.turns)
		s.markers.Wait()
		close(idle)
	}()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.hard()
	<-idle
	close(s.ended)
	if err != nil {
		return err
	}
	return s.letGo(ctx)
}

// letGo frees what this process still claims.
func (s *Sender) letGo(ctx context.Context) error {
	return s.DB.Write(ctx, store.System(), func(tx *store.Tx) error {
		for {
			c, err := claimOf(ctx, tx, s.runner)
			if err != nil || c == nil {
				return err
			}
			if err := drop(ctx, tx, c); err != nil {
				return err
			}
		}
	})
}

func (s *Sender) zone() *time.Location { return s.location }

func (s *Sender) recover(ctx context.Context, everybody bool) error {
	n, err := Recover(ctx, s.DB, s.runner, everybody)
	if n > 0 {
		s.Log.Warn("messages: an earlier process ended while sending; a person has to decide about some", "unclear", n)
	}
	return err
}

// beat says that this process lives, and looks for dead ones.
func (s *Sender) beat() {
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-tick.C:
		}
		err := s.DB.Write(s.work, store.System(), func(tx *store.Tx) error {
			_, err := tx.Exec(s.work, sqlBeat, s.runner, micros(tx.Now.Add(lease)))
			return err
		})
		if err == nil && s.DB.Dialect() == store.Postgres {
			err = s.recover(s.work, false)
		}
		if err != nil && s.work.Err() == nil {
			s.Log.Error("messages: cannot say that this process lives", "error", err)
		}
	}
}

// feed claims batches, has them written and hands them to the connections until ctx ends.
func (s *Sender) feed(ctx context.Context, to chan<- *job, mine func(measure int64) bool) {
	size, turn := smallBatch, 0
	for ctx.Err() == nil {
		changed := s.DB.Changed() // before looking, so that no commit falls between
		wait, c, err := s.next(ctx, mine, size, &turn)
		if err != nil {
			if ctx.Err() == nil {
				s.Log.Error("messages: cannot look for work", "error", err)
			}
			pause(ctx, longWait, nil)
			continue
		}
		if c == nil {
			s.dropSettled(0)
			// Commits come in plenty; a look at each of them would be a look too many.
			if pause(ctx, wait, changed) {
				pause(ctx, 50*time.Millisecond, nil)
			}
			continue
		}
		began := time.Now()
		if s.hand(ctx, to, s.write(ctx, c)) {
			size = nextSize(size, len(c.ids), time.Since(began))
		}
	}
}

// nextSize makes batches such that one keeps the connections busy for about batchTime: a slow relay should not hold many
// messages that somebody may want to take back.
func nextSize(size, had int, took time.Duration) int {
	switch {
	case took > 2*batchTime:
		return max(size/2, smallBatch)
	case took < batchTime && had == size:
		return min(size*2, largeBatch)
	}
	return size
}

// next claims a batch of the measures in turn; without one it tells how long there is nothing to do.
func (s *Sender) next(ctx context.Context, mine func(int64) bool, size int, turn *int) (time.Duration, *claim, error) {
	var due, cancelled []int64
	var soonest time.Time
	var now time.Time
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		due, cancelled, soonest, err = waiting(ctx, tx, func(m int64) bool { _, going := s.front(m, now); return going })
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	for _, m := range cancelled {
		if mine(m) {
			if err := s.DB.Bulk(ctx, store.System(), func(tx *store.Tx) error { _, err := takeBack(ctx, tx, m, sliceRows); return err }); err != nil {
				return 0, nil, err
			}
		}
	}
	for range due {
		*turn++
		m := due[*turn%len(due)]
		if !mine(m) {
			continue
		}
		from, going := s.front(m, now)
		c, err := take(ctx, s.DB, s.runner, m, size, from)
		if err != nil {
			return 0, nil, err
		}
		s.advance(m, c, now)
		if c != nil {
			return 0, c, nil
		}
		if going { // perhaps something came back before the front
			soonest = now
		}
	}
	wait := longWait
	if !soonest.IsZero() {
		wait = min(wait, max(soonest.Sub(now), 10*time.Millisecond))
	}
	return wait, nil, nil
}

// hand gives the jobs to the connections; false when it was told to stop.
func (s *Sender) hand(ctx context.Context, to chan<- *job, jobs []*job) bool {
	for _, j := range jobs {
		select {
		case to <- j:
		case <-ctx.Done(): // the rest is let go when the Sender has closed
			return false
		}
	}
	return true
}

// write has the messages of a claim written. Those that cannot be, and those whose hours are over, are marked so. When that is
// not possible at all, they are let go and tried again a while later.
func (s *Sender) write(ctx context.Context, c *claim) []*job {
	var all []*job
	for wait := firstPause; ; wait = min(wait*2, lastPause) {
		err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
			all, err = s.written(ctx, tx, c)
			return err
		})
		if err == nil {
			err = s.keep(ctx, all)
		}
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil // let go when the Sender has closed
		}
		s.Log.Error("messages: cannot write a batch; tried again", "error", err)
		pause(ctx, wait, nil)
	}
	s.settleMissing(c, len(all))
	var ready, gone []*job
	for _, j := range all {
		switch {
		case j.fate != (fate{}):
			gone = append(gone, j)
		case j.mail.Err != nil:
			j.fate = fate{notMade: keyOfError(j.mail.Err), reason: ReasonNotMade}
			gone = append(gone, j)
		default:
			ready = append(ready, j)
		}
	}
	if len(gone) > 0 {
		s.ask(turn{gone: gone})
	}
	return ready
}

// written reads the messages of a claim and has them written, in one read transaction.
func (s *Sender) written(ctx context.Context, tx *store.Tx, c *claim) ([]*job, error) {
	now, err := feed.Now(ctx, tx) // before all else
	if err != nil {
		return nil, err
	}
	ms, err := claimed(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	all := make([]*job, len(ms))
	for i, m := range ms {
		all[i] = &job{m: m, claim: c}
	}
	if err := s.late(ctx, tx, all); err != nil {
		return nil, err
	}
	if err := askEarly(ctx, tx, all, now); err != nil {
		return nil, err
	}
	from, err := s.from(ctx, tx)
	if err != nil {
		return nil, err
	}
	byKind := map[string][]*job{}
	for _, j := range all {
		if j.fate == (fate{}) {
			byKind[j.m.Kind] = append(byKind[j.m.Kind], j)
		}
	}
	for kind, js := range byKind {
		if err := s.compose(ctx, tx, kind, js, from); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Sender) from(ctx context.Context, tx *store.Tx) (mail.Address, error) {
	if s.From == nil {
		return mail.Address{}, nil
	}
	return s.From(ctx, tx)
}

// late puts off what waited until its hours were over, as when a relay was away in the evening.
func (s *Sender) late(ctx context.Context, tx *store.Tx, all []*job) error {
	var late []*job
	var ids []int64
	for _, j := range all {
		if !j.m.Late.IsZero() && !tx.Now.Before(j.m.Late) {
			late, ids = append(late, j), append(ids, j.m.reader())
		}
	}
	if len(late) == 0 {
		return nil
	}
	d, err := newDecider(ctx, tx)
	if err != nil {
		return err
	}
	places := map[int64]place{}
	if err := readPlaces(ctx, tx, ids, places); err != nil {
		return err
	}
	for _, j := range late {
		if open, until := d.quiet.window(places[j.m.reader()], tx.Now); open.After(tx.Now) {
			j.fate = fate{until: open, late: until}
		}
	}
	return nil
}

// compose fills in the mails of jobs of one kind. An error of the whole batch that is no trouble of the database belongs to one
// message, so they are then written one by one.
func (s *Sender) compose(ctx context.Context, tx *store.Tx, kind string, js []*job, from mail.Address) error {
	writer := s.Composers[kind]
	if writer == nil {
		for _, j := range js {
			j.mail = &Mail{Err: fault.New(fault.Internal, "message.no_composer", "kind", kind)}
		}
		return nil
	}
	mails, err := composed(ctx, tx, writer, js)
	switch code := fault.CodeOf(err); {
	case err == nil:
	case len(js) == 1 && code != fault.Unavailable:
		s.Log.Error("messages: one cannot be written", "message", js[0].m.ID, "kind", kind, "error", err)
		mails = []Mail{{Err: err}}
	case code == fault.Unavailable:
		return err
	default:
		for _, j := range js {
			if err := s.compose(ctx, tx, kind, []*job{j}, from); err != nil {
				return err
			}
		}
		return nil
	}
	for i, j := range js {
		m := &mails[i]
		m.ID = j.m.ID
		if m.To.Address == "" {
			m.To.Address = j.m.Address
		}
		if m.From.Address == "" {
			m.From = from
		}
		if m.Date.IsZero() {
			m.Date = tx.Now
		}
		j.mail = m
	}
	return nil
}

// keep has Composers keep what their mails need before they leave.
func (s *Sender) keep(ctx context.Context, all []*job) error {
	byKind := map[string][]*Mail{}
	for _, j := range all {
		if j.mail != nil && j.mail.Err == nil && j.mail.Aside != nil {
			byKind[j.m.Kind] = append(byKind[j.m.Kind], j.mail)
		}
	}
	for kind, mails := range byKind {
		if keeper, is := s.Composers[kind].(Keeper); is {
			if err := keeper.Keep(ctx, s.DB, mails); err != nil {
				return err
			}
		}
	}
	return nil
}

// composed calls a Composer, whose panic is an error of its own.
func composed(ctx context.Context, tx *store.Tx, writer Composer, js []*job) (mails []Mail, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ms := make([]Message, len(js))
	for i, j := range js {
		ms[i] = *j.m
	}
	if mails, err = writer.Compose(ctx, tx, ms); err == nil && len(mails) != len(ms) {
		err = fmt.Errorf("%d mails for %d messages", len(mails), len(ms))
	}
	return mails, err
}

func keyOfError(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Key
	}
	return "errors.internal"
}

// pause waits; true when it was ended by the channel.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-changed:
		return true
	}
	return false
}
