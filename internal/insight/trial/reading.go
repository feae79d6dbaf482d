package trial

// Group is what is known of one arm.
type Group struct {
	Name    string
	Outcome Moments
	Capped  *Moments // winsorised; nil where that was not computed
	Pairs   *Joint   // with what was known before; nil where nothing was
}

// Adjusted is a figure beside the plain one.
type Adjusted struct {
	Mean float64 // of the arm
	Estimate
	Gain float64 // the share of customers it saves, against the plain difference
}

// Arm is what one arm brought against the control group.
type Arm struct {
	Group
	Estimate
	Lift       Lift
	Always     [2]float64 // the always valid interval; as Estimate, it means nothing where that is not Known
	Winsorised *Adjusted
	CUPED      *Adjusted
}

// Reading is a whole experiment, read.
type Reading struct {
	Control Group
	Arms    []Arm

	SampleRatio *float64 // p value of the shares; nil where they are not known
	MDE         *float64 // of the smallest arm; nil where it cannot be told
	CUPED       *CUPED
}

// Blocked tells that the shares are not those drawn, so that the differences may mean anything.
func (r *Reading) Blocked() bool { return r.SampleRatio != nil && *r.SampleRatio < SharesWrong }

// Read compares each arm with the control group. shares are the planned ones of the control group and the arms, in that order, or nil.
func Read(control Group, arms []Group, shares []float64) *Reading {
	r := &Reading{Control: control}
	counts := []int64{control.Outcome.N}
	for _, a := range arms {
		counts = append(counts, a.Outcome.N)
	}
	if p, ok := SampleRatio(counts, shares); ok {
		r.SampleRatio = &p
	}
	r.CUPED = cupedOf(control, arms)
	smallest := int64(0)
	for i, a := range arms {
		r.Arms = append(r.Arms, r.arm(a))
		if i == 0 || a.Outcome.N < smallest {
			smallest = a.Outcome.N
		}
	}
	if effect, ok := MDE(control.Outcome.N, smallest, control.Outcome.SD()); ok {
		r.MDE = &effect
	}
	return r
}

// cupedOf is the adjustment for all groups; nil where one of them knows nothing of the time before.
func cupedOf(control Group, arms []Group) *CUPED {
	var all []Joint
	for _, g := range append([]Group{control}, arms...) {
		if g.Pairs == nil {
			return nil
		}
		all = append(all, *g.Pairs)
	}
	if c, ok := NewCUPED(all...); ok {
		return &c
	}
	return nil
}

func (r *Reading) arm(g Group) Arm {
	a := Arm{Group: g, Estimate: Compare(r.Control.Outcome, g.Outcome), Lift: LiftOf(r.Control.Outcome, g.Outcome)}
	a.Always[0], a.Always[1], _ = a.AlwaysValid(r.Control.Outcome.N + g.Outcome.N)
	if r.Control.Capped != nil && g.Capped != nil {
		a.Winsorised = a.beside(*r.Control.Capped, *g.Capped)
	}
	if r.CUPED != nil {
		a.CUPED = a.beside(r.CUPED.Adjust(*r.Control.Pairs), r.CUPED.Adjust(*g.Pairs))
	}
	return a
}

// beside is the same comparison with adjusted outcomes.
func (a *Arm) beside(control, arm Moments) *Adjusted {
	e := Compare(control, arm)
	return &Adjusted{Mean: arm.Mean, Estimate: e, Gain: Gain(a.Estimate, e)}
}

// Together is the reading of all who were not left alone, whatever they got, as one arm.
func Together(name string, arms []Group) Group {
	all := Group{Name: name, Capped: &Moments{}, Pairs: &Joint{}}
	for _, a := range arms {
		all.Outcome.Merge(a.Outcome)
		if a.Capped == nil {
			all.Capped = nil
		}
		if a.Pairs == nil {
			all.Pairs = nil
		}
		if all.Capped != nil {
			all.Capped.Merge(*a.Capped)
		}
		if all.Pairs != nil {
			all.Pairs.Merge(*a.Pairs)
		}
	}
	return all
}

// Scaled is the reading in another unit, as in euros instead of cents: every outcome times f, which is above 0.
func (r *Reading) Scaled(f float64) *Reading {
	control := r.Control.scaled(f)
	arms := make([]Group, len(r.Arms))
	for i, a := range r.Arms {
		arms[i] = a.scaled(f)
	}
	scaled := Read(control, arms, nil)
	scaled.SampleRatio = r.SampleRatio
	return scaled
}

func (g Group) scaled(f float64) Group {
	scale := func(m Moments) Moments { return Moments{m.N, m.Mean * f, m.M2 * f * f} }
	g.Outcome = scale(g.Outcome)
	if g.Capped != nil {
		c := scale(*g.Capped)
		g.Capped = &c
	}
	if g.Pairs != nil {
		g.Pairs = &Joint{scale(g.Pairs.Outcome), g.Pairs.Before, g.Pairs.C * f}
	}
	return g
}
