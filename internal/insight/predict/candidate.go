package predict

import (
	"context"
	"slices"

	"stamm/internal/insight/predict/btyd"
	"stamm/internal/insight/predict/survival"
)

// panel are the candidates fitted to a book: everything that may foretell.
type panel struct {
	*crowd
	names    []string // of the models
	fits     map[string]btyd.Fit
	logistic *survival.Logistic // nil where there is nothing it could have learned from
	rules    []rule
	layers   *layers           // nil without covariates
	layered  btyd.CovariateFit // with them

	said map[string][]btyd.Prediction // by model: what it says of the horizon, once somebody has asked
}

// predict is what a model says of the time as long as the horizon, asked once: by pattern, with covariates by pattern of a layer.
func (p *panel) predict(ctx context.Context, name string) ([]btyd.Prediction, error) {
	if all, ok := p.said[name]; ok {
		return all, nil
	}
	var all []btyd.Prediction
	var err error
	if name == btyd.NameCovariates {
		all, err = p.layers.predict(ctx, p.layered, p.ahead(p.Scope.Recent))
	} else {
		all, err = p.fits[name].Predict(ctx, p.patterns, p.ahead(p.Scope.Recent))
	}
	p.said[name] = all
	return all, err
}

// known is what the logistic regression looks at.
func (p *panel) known(ctx context.Context) (*known, error) {
	said, err := p.predict(ctx, btyd.NameParetoNBD)
	return &known{p.crowd, said}, err
}

// taught is an earlier book, what Pareto/NBD said then, and what its customers did in the time after it, as long as the horizon.
type taught struct {
	*known
	did  []bool
	calm btyd.Model // MBG/NBD of that book, where it was fitted
}

// newTaught fits Pareto/NBD to an earlier book.
func newTaught(ctx context.Context, b *Book, did []bool, from near) (*taught, error) {
	cr := newCrowd(b)
	fit, err := btyd.FitNear(ctx, btyd.NameParetoNBD, cr.patterns, btyd.Week, from[btyd.NameParetoNBD])
	if err != nil {
		return nil, err
	}
	from.put(map[string]btyd.Fit{fit.Name: fit})
	said, err := fit.Predict(ctx, cr.patterns, b.ahead(b.Scope.Recent))
	return &taught{&known{cr, said}, did, nil}, err
}

// near are models that were fitted to an earlier book or by another clock: fits begin with them.
type near map[string]btyd.Model

func (n near) put(fits map[string]btyd.Fit) {
	for name, f := range fits {
		if !f.Withheld() {
			n[name] = f.Model
		}
	}
}

// newPanel fits the models of these names to a book, Pareto/NBD among them. lesson is what the logistic regression and the activity rule learn from, nil where there is
// nothing. activeDays is the company's idea of an active customer.
func newPanel(ctx context.Context, cr *crowd, lesson *taught, activeDays int, from near, names ...string) (*panel, error) {
	p := &panel{crowd: cr, names: names, fits: map[string]btyd.Fit{}, said: map[string][]btyd.Prediction{}}
	for _, name := range names {
		if name == btyd.NameCovariates {
			continue
		}
		f, err := btyd.FitNear(ctx, name, cr.patterns, btyd.Week, from[name])
		if err != nil {
			return nil, err
		}
		p.fits[name] = f
	}
	from.put(p.fits)
	if err := p.withCovariates(ctx); err != nil {
		return nil, err
	}
	p.rules = []rule{{name: NameZero}, {name: NameSameRate}, overallMean(cr)}
	if lesson == nil {
		return p, nil
	}
	if r, ok := activity(lesson.crowd, lesson.did, activeDays); ok {
		p.rules = append(p.rules, r)
	}
	var err error
	p.logistic, err = behaviour(ctx, lesson.known, lesson.did)
	return p, err
}

// withCovariates fits Pareto/NBD with covariates where it is wanted, and leaves it out where nothing can be told.
func (p *panel) withCovariates(ctx context.Context) error {
	at := slices.Index(p.names, btyd.NameCovariates)
	if at < 0 {
		return nil
	}
	plain := p.fits[btyd.NameParetoNBD]
	var err error
	if p.layers, p.layered, err = p.fitCovariates(ctx, &plain); p.layers == nil || p.layered.Status != btyd.OK {
		p.layers = nil
		p.names = slices.Delete(slices.Clone(p.names), at, at+1)
	}
	return err
}

// patternOf tells for each customer where what a candidate says of her stands.
func (p *panel) patternOf(name string) []int32 {
	if name == btyd.NameCovariates {
		return p.layers.of
	}
	return p.of
}

// rule finds a rule by its name.
func (p *panel) rule(name string) (rule, bool) {
	for _, r := range p.rules {
		if r.name == name {
			return r, true
		}
	}
	return rule{}, false
}

// forecast is what one candidate foretells, a number a customer; chances or counts are nil where it says nothing of that kind.
type forecast struct {
	name    string
	counts  []float64
	chances []float64
}

// forecasts asks every candidate for the time as long as the horizon after the book.
func (p *panel) forecasts(ctx context.Context, each func(forecast) error) error {
	for _, name := range p.names {
		all, err := p.predict(ctx, name)
		if err != nil {
			return err
		}
		counts, chances := make([]float64, p.Len()), make([]float64, p.Len())
		for i, k := range p.patternOf(name) {
			counts[i], chances[i] = finite(all[k].Expected), within(all[k].Active)
		}
		if err := each(forecast{name, counts, chances}); err != nil {
			return err
		}
	}
	if p.logistic != nil {
		k, err := p.known(ctx)
		if err != nil {
			return err
		}
		all, err := behaving(ctx, p.logistic, k)
		if err != nil {
			return err
		}
		chances := make([]float64, len(all))
		for i, c := range all {
			chances[i] = c.p
		}
		if err := each(forecast{NameLogistic, nil, chances}); err != nil {
			return err
		}
	}
	days := p.ahead(p.Scope.Recent)
	for _, r := range p.rules {
		f := forecast{name: r.name}
		if r.counts() {
			f.counts = make([]float64, p.Len())
		}
		f.chances = make([]float64, p.Len())
		for i := range f.chances {
			h := p.patterns[p.of[i]].History
			f.chances[i] = r.chance(h, days).p
			if f.counts != nil {
				f.counts[i] = r.expected(h, days)
			}
		}
		if err := each(f); err != nil {
			return err
		}
	}
	return nil
}
