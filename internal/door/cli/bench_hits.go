package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"stamm/internal/action/campaign"
	"stamm/internal/action/hit"
	"stamm/internal/action/message"
	"stamm/internal/platform/store"
	"stamm/internal/record/consent"
)

const (
	hitMessages = 20_000 // at most, whose links are hit
	hitMeasure  = 1 << 40
	hitAgent    = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// hits opens mails and follows their links from many connections, each hit by name of a customer who consents to it, which is looked up
// at every one. Each answer comes after the commit.
func (b *bench) hits(ctx context.Context) error {
	paths, err := b.prepareHits(ctx)
	if err != nil {
		return err
	}
	took, failed := make([][]time.Duration, benchClients), make([]error, benchClients)
	var wg sync.WaitGroup
	end := time.Now().Add(hitTime)
	for n := range benchClients {
		wg.Go(func() {
			took[n], failed[n] = hitUntil(ctx, strings.TrimPrefix(b.address, "http://"), end, paths, n*len(paths)/benchClients)
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	all := slices.Concat(took...)
	b.atLeast("opens and clicks counted, 64 connections", float64(len(all))/hitTime.Seconds(), "hits/s", 12_000)
	b.atMost("opens and clicks counted, p99", percentile(all, 99), "ms", 20)
	return b.hitsKept(ctx, len(all))
}

// hitTime is how long mails are opened and links followed.
const hitTime = 5 * time.Second

// prepareHits plans messages of one measure to customers who consent to tracking, and returns the addresses of a picture and three links in each.
func (b *bench) prepareHits(ctx context.Context) (paths []string, err error) {
	customers, err := b.customerIDs(ctx)
	if err != nil {
		return nil, err
	}
	var messages []int64
	for part := range slices.Chunk(customers[:min(len(customers), hitMessages)], 1000) {
		var planned []message.Decision
		err := b.app.Store.Bulk(ctx, actor, func(tx *store.Tx) error {
			var entries []consent.Entry
			var decisions []message.Decision
			for _, id := range part {
				address := fmt.Sprintf("k%d@bench.example", id)
				entries = append(entries, consent.Entry{Customer: id, Channel: consent.Email, Purpose: consent.Tracking, Kind: consent.Confirmed, Address: address,
					Evidence: "bench", Source: consent.SourcePerson})
				decisions = append(decisions, message.Decision{New: message.New{Measure: hitMeasure, Customer: id, Channel: consent.Email, Kind: campaign.Kind, Arm: "a",
					Address: address}, State: message.Proposed})
			}
			if _, err := consent.Record(ctx, tx, entries); err != nil {
				return err
			}
			planned = decisions
			return message.Record(ctx, tx, decisions)
		})
		if err != nil {
			return nil, err
		}
		for _, d := range planned {
			messages = append(messages, d.ID)
		}
	}
	links := []hit.Link{{Kind: hit.Open}}
	for n := range 3 {
		links = append(links, hit.Link{Kind: hit.Click, Position: n + 1, Target: fmt.Sprintf("https://shop.example/p/%d", n)})
	}
	var signer *hit.Signer
	err = b.app.Store.Write(ctx, actor, func(tx *store.Tx) (err error) {
		for i := range links {
			links[i].Measure, links[i].Arm, links[i].Content, links[i].Channel = hitMeasure, "a", "de", consent.Email
			links[i].Identify()
		}
		if err = hit.Keep(ctx, tx, links); err == nil {
			signer, err = hit.OpenSigner(ctx, tx)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		for _, m := range messages {
			paths = append(paths, signer.Path(l.Kind, hit.Token{Link: l.Number, Message: m}))
		}
	}
	return paths, nil
}

// hitUntil asks for one address after the other over one connection, as plainly as can be: what is measured is not the client.
func hitUntil(ctx context.Context, host string, end time.Time, paths []string, from int) (took []time.Duration, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var request []byte
	for i := from; ; i++ {
		start := time.Now()
		if !start.Before(end) || ctx.Err() != nil {
			return took, ctx.Err()
		}
		path := paths[i%len(paths)]
		request = append(request[:0], "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nUser-Agent: "+hitAgent+"\r\n\r\n"...)
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := readAnswer(in, strings.HasPrefix(path, hit.PathOpen)); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
}

// readAnswer reads one answer, which has to be a picture or lead on.
func readAnswer(in *bufio.Reader, picture bool) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if want := map[bool]string{true: " 200 ", false: " 302 "}[picture]; !bytes.Contains(line, []byte(want)) {
		return fmt.Errorf("bench: a hit was answered with %s", bytes.TrimSpace(line))
	}
	length := 0
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			_, err := io.CopyN(io.Discard, in, int64(length))
			return err
		}
		if text, is := bytes.CutPrefix(line, []byte("Content-Length:")); is {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return err
			}
		}
	}
}

// hitsKept makes sure that every hit that was answered is there.
func (b *bench) hitsKept(ctx context.Context, answered int) error {
	if err := b.app.hits.Close(ctx); err != nil {
		return err
	}
	if err := upToDate(ctx, b.Call, b.house, b.app.Store); err != nil {
		return err
	}
	r, err := hit.Of(ctx, b.house, hitMeasure)
	if err != nil {
		return err
	}
	kept := r.Opens.Human + r.Opens.Machine + r.Clicks.Human + r.Clicks.Machine
	b.atMost("hits answered and not kept", float64(answered)-float64(kept), "", 0)
	if int(kept) < answered {
		return fmt.Errorf("bench: %d hits were answered, %d are kept", answered, kept)
	}
	return nil
}
