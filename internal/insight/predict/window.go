package predict

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"stamm/internal/insight/predict/btyd"
)

// What a model gets wrong as a whole, customers who are better looked after than those it learned from, a season unlike the last, is
// not in the standard errors of its parameters. How large it is can be seen only by looking at how far it was off before: in the
// stretch of the backtest, and in those before it, each foretold from what was known when it began.
const (
	mostWindows   = 4      // stretches before that of the backtest
	mostWatched   = 20_000 // customers by whom they are judged
	fewestWindows = 3      // fewer are filled up by stretches in which everybody was off by usualError
	usualError    = 0.1
)

// windows foretells the stretches before that of the backtest, the oldest first: each teaches the next. Each sees its histories by the
// season as it was known on its cut, if the season is used at all.
func (f *foretelling) windows(ctx context.Context) error {
	books, err := f.earlier(ctx)
	if err != nil {
		return err
	}
	var lesson *taught
	for k := len(books) - 1; k >= 1; k-- {
		known := books[k]
		if known, err = f.seen(ctx, known, lesson); err != nil {
			return err
		}
		p, err := newPanel(ctx, newCrowd(known), lesson, f.o.ActiveDays, f.near, f.watched()...)
		if err != nil {
			return err
		}
		t, err := p.test(ctx, books[k-1])
		if err != nil {
			return err
		}
		f.card.Before = append([]Window{{Cut: t.Cut, Until: t.Until, Active: t.Active, Value: t.Value, Rows: t.Rows}}, f.card.Before...)
		said, err := p.known(ctx)
		if err != nil {
			return err
		}
		lesson = &taught{said, known.didIn(books[k-1]), p.fits[btyd.NameMBGNBD].Model}
	}
	f.card.Test.expect(unsure(shifts(f.card.Test.chances(), f.card.Before)))
	return nil
}

// watched are the models whose earlier errors say something: with covariates only where that is what foretells.
func (f *foretelling) watched() []string {
	if f.card.Chosen == btyd.NameCovariates || f.card.Counts == btyd.NameCovariates {
		return append(slices.Clone(keepOrder), btyd.NameCovariates)
	}
	return keepOrder
}

// earlier are the books of the cuts of all stretches, the newest first, of some customers.
func (f *foretelling) earlier(ctx context.Context) ([]*Book, error) {
	scope := f.book.Scope
	scope.Every = (f.book.Len() + mostWatched - 1) / mostWatched
	var books []*Book
	for range mostWindows + 1 {
		if scope = scope.earlier(); scope.AsOf < f.card.First {
			break
		}
		b, err := Load(ctx, f.q, scope)
		if err != nil {
			return nil, err
		}
		if b.Len() < fewestTested {
			break
		}
		books = append(books, b)
	}
	return books, nil
}

// seen is a book by the clock of the season as it was known on its day.
func (f *foretelling) seen(ctx context.Context, b *Book, lesson *taught) (*Book, error) {
	if f.before == nil || !f.before.On || lesson == nil || lesson.calm == nil {
		return b, nil
	}
	days, err := loadDaily(ctx, f.q, b.Scope)
	if err != nil || !days.long() {
		return b, err
	}
	s := days.season(lesson.calm)
	s.On = true
	return b.by(s.clock(days.first, f.o.AsOf)), nil
}

// judged are all stretches that were foretold, the newest first.
func (f *foretelling) judged() []Window {
	t := f.card.Test
	if t == nil {
		return nil
	}
	return append([]Window{{Cut: t.Cut, Until: t.Until, Active: t.Active, Value: t.Value, Rows: t.Rows}}, f.card.Before...)
}

// unsureOf is by how much the log odds of all chances of a candidate may be off together: half the interval of 95 %.
func (f *foretelling) unsureOf(name string) float64 {
	return unsure(shifts(name, f.judged()))
}

// unsureValue is the same for what is sold, as a share of it.
func (f *foretelling) unsureValue() float64 {
	var squares []float64
	for _, w := range f.judged() {
		if w.Value.Predicted > 0 && w.Value.Actual > 0 {
			off := math.Log(float64(w.Value.Actual) / float64(w.Value.Predicted))
			squares = append(squares, off*off)
		}
	}
	return min(1, unsure(squares))
}

// shifts are the squares of what a candidate was off by in each of the stretches, less what chance alone makes of it.
func shifts(name string, windows []Window) (squares []float64) {
	for _, w := range windows {
		for _, r := range w.Rows {
			if r.Model == name && r.Shift != nil {
				squares = append(squares, *r.Shift**r.Shift-*r.ShiftSE**r.ShiftSE)
			}
		}
	}
	return squares
}

// unsure is half the interval of 95 % of the next error, given the squares of earlier ones: errors around zero with a spread that is
// known from so few follow Student's distribution.
func unsure(squares []float64) float64 {
	sum, n := 0.0, float64(len(squares))
	for _, s := range squares {
		sum += s
	}
	for ; n < fewestWindows; n++ {
		sum += usualError * usualError
	}
	return math.Sqrt(max(0, sum)/n) * distuv.StudentsT{Sigma: 1, Nu: n}.Quantile(0.975)
}

// unsure widens the interval of a chance by what its log odds may be off.
func (c chance) unsure(by float64) chance {
	at := logit(c.p)
	odds := func(l float64) float64 { return 1 / (1 + math.Exp(-l)) }
	if by <= 0 || c.p <= 0 || c.p >= 1 {
		return c
	}
	c.lo = within(c.p - math.Hypot(c.p-c.lo, c.p-min(c.p, odds(at-by))))
	c.hi = within(c.p + math.Hypot(c.hi-c.p, max(c.p, odds(at+by))-c.p))
	return c
}

// shiftOf is what has to be added to the log odds of every chance so that they add up to actual, and its standard error; false where
// nothing that is added would help.
func shiftOf(chances []float64, actual float64) (shift, se float64, ok bool) {
	odds := make([]float64, 0, len(chances))
	for _, p := range chances {
		if p > 0 && p < 1 {
			odds = append(odds, math.Log(p/(1-p)))
		} else {
			actual -= p
		}
	}
	if actual <= 0 || actual >= float64(len(odds)) {
		return 0, 0, false
	}
	slope := 0.0
	for range 50 {
		sum := 0.0
		slope = 0
		for _, l := range odds {
			p := 1 / (1 + math.Exp(-l-shift))
			sum += p
			slope += p * (1 - p)
		}
		step := max(-2, min(2, (actual-sum)/max(slope, 1e-12)))
		if shift += step; math.Abs(step) < 1e-9 {
			break
		}
	}
	return shift, 1 / math.Sqrt(max(slope, 1e-12)), math.Abs(shift) < 20
}
