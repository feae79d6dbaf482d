package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"stamm/internal/insight/report"
	"stamm/internal/platform/store"
	"stamm/internal/platform/warehouse"
	"stamm/internal/record/auth"
	"stamm/internal/record/customer"
)

const (
	customerLooks = 5   // times as many as looks at a page, at customers and at what a search finds
	pageLimit     = 100 // ms, p95

	searchBox = "/search?q=" // answers with a part of a page
)

// reports computes each report as nobody has asked for it before, and once more when nothing has changed.
func (b *bench) reports(ctx context.Context) error {
	p := report.Params{AsOf: benchDay}
	var again []time.Duration
	for _, r := range report.All() {
		wanted := 500.0
		if r.Name == "interpurchase" {
			wanted = 1500
		}
		run := func(ctx context.Context, v *warehouse.View) (*report.Result, error) { return r.Run(ctx, v, p) }
		for _, cold := range []bool{true, false} {
			start := time.Now()
			if _, err := warehouse.Cached(ctx, b.house, "bench: "+r.Name, time.Hour, run); err != nil {
				return err
			}
			if took := time.Since(start); cold {
				b.atMost("report "+r.Name+", cold", milliseconds(took), "ms", wanted)
			} else {
				again = append(again, took)
			}
		}
	}
	b.atMost("slowest report when nothing has changed", percentile(again, 100), "ms", 50)
	return nil
}

// signIn opens the web page as a user by a link for one login.
func (b *bench) signIn(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	b.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var token string
	err = b.app.Store.Write(ctx, actor, func(tx *store.Tx) error {
		u, err := auth.ByMail(ctx, tx, benchMail)
		if err != nil {
			return err
		}
		token, err = auth.Issue(ctx, tx, u.ID, auth.OneTime)
		return err
	})
	if err != nil {
		return err
	}
	_, err = b.ask(ctx, http.MethodPost, "/login/"+url.PathEscape(token))
	return err
}

// ask asks for a page, or a part of one, and reads all of it.
func (b *bench) ask(ctx context.Context, method, path string) (took time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, method, b.address+path, nil)
	if err != nil {
		return 0, err
	}
	if strings.HasPrefix(path, searchBox) {
		req.Header.Set("HX-Request", "true")
	}
	start := time.Now()
	res, err := b.client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	took = time.Since(start)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
	return took, err
}

// pages asks for every page that needs no id, again and again, and for the pages of many customers.
func (b *bench) pages(ctx context.Context) error {
	if err := b.signIn(ctx); err != nil {
		return err
	}
	var all, first []time.Duration
	slowest, worst := "", 0.0
	for _, route := range b.app.site("").Routes() {
		path := strings.TrimSuffix(route.Pattern, "{$}")
		if route.Method != http.MethodGet || strings.Contains(path, "{") {
			continue
		}
		var own []time.Duration
		for range b.looks {
			took, err := b.ask(ctx, http.MethodGet, path)
			if err != nil {
				return err
			}
			own = append(own, took)
		}
		// The first look since the start may wait for figures that were never computed; it is told apart.
		first, all = append(first, own[0]), append(all, own[1:]...)
		if p := percentile(own[1:], 95); p >= worst {
			slowest, worst = path, p
		}
	}
	b.atMost("pages over HTTP, all, p95", percentile(all, 95), "ms", pageLimit)
	b.atMost("pages over HTTP, p95 of the slowest, "+slowest, worst, "ms", pageLimit)
	b.atMost("pages over HTTP, the slowest first look", percentile(first, 100), "ms", 0)
	return b.customerPages(ctx)
}

func (b *bench) customerPages(ctx context.Context) error {
	var source customer.Source
	var ids []int64
	r := rand.New(rand.NewPCG(7, 8))
	err := b.app.Store.Read(ctx, func(tx *store.Tx) error {
		all, err := customer.Sources(ctx, tx)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(s customer.Source) bool { return s.Name == benchSource }); at >= 0 {
			source = all[at]
		}
		for len(ids) < customerLooks*b.looks {
			id, err := customer.Resolve(ctx, tx, source.ID, fmt.Sprintf("K%07d", buyer(r, b.customers)))
			if err != nil {
				return err
			}
			if id != 0 {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, part := range []string{"", "/documents", "/figures", "/data"} {
		var took []time.Duration
		for _, id := range ids {
			t, err := b.ask(ctx, http.MethodGet, fmt.Sprintf("/customers/%d%s", id, part))
			if err != nil {
				return err
			}
			took = append(took, t)
		}
		b.atMost("a customer's page over HTTP, /customers/{id}"+part+", p95", percentile(took, 95), "ms", pageLimit)
	}
	return nil
}

// changedReports asks for the page of each report right after an order came in that changes what it shows.
func (b *bench) changedReports(ctx context.Context) error {
	var took []time.Duration
	for _, r := range report.All() { // it has been looked at before
		if _, err := b.ask(ctx, http.MethodGet, "/insight/"+r.Name); err != nil {
			return err
		}
	}
	for range (b.looks + 19) / 20 {
		for i, r := range report.All() {
			if err := b.sendOrder(ctx, fmt.Sprintf("changed-%s-%d-%d", r.Name, i, time.Now().UnixNano())); err != nil {
				return err
			}
			if err := upToDate(ctx, b.Call, b.house, b.app.Store); err != nil {
				return err
			}
			t, err := b.ask(ctx, http.MethodGet, "/insight/"+r.Name)
			if err != nil {
				return err
			}
			took = append(took, t)
		}
	}
	b.atMost("page of a report whose data just changed, p95", percentile(took, 95), "ms", pageLimit)
	return nil
}

// search types words from the second letter on, as a call and as the search box does over HTTP.
func (b *bench) search(ctx context.Context) error {
	var called, asked []time.Duration
	r := rand.New(rand.NewPCG(5, 6))
	for range customerLooks * b.looks {
		words := fmt.Sprintf("K%07d", r.IntN(b.customers))[:2+r.IntN(7)]
		start := time.Now()
		err := b.app.Store.Read(ctx, func(tx *store.Tx) error {
			_, err := customer.Search(ctx, tx, words, 20)
			return err
		})
		if err != nil {
			return err
		}
		called = append(called, time.Since(start))
		t, err := b.ask(ctx, http.MethodGet, searchBox+url.QueryEscape(words))
		if err != nil {
			return err
		}
		asked = append(asked, t)
	}
	b.atMost("search from the second letter, p95", percentile(called, 95), "ms", 60)
	b.atMost("search over HTTP, p95", percentile(asked, 95), "ms", 60)
	return nil
}

// scores fits and tests all models and writes the score of everybody, as every night.
func (b *bench) scores(ctx context.Context) error {
	start := time.Now()
	if err := b.app.scoreAll(ctx); err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("all models, backtest, scores of %d customers", b.customers), time.Since(start).Seconds(), "s", 60)
	b.atMost("peak memory so far, with scores", peakMemory(), "MiB", 1536)
	return upToDate(ctx, b.Call, b.house, b.app.Store)
}

func (b *bench) rebuild(ctx context.Context) error {
	start := time.Now()
	if err := b.house.Rebuild(ctx, b.app.Store); err != nil {
		return err
	}
	b.atMost("warehouse rebuilt", time.Since(start).Seconds(), "s", 120)
	return nil
}
