package cli

import "stamm/internal/insight/trial"

// proved is an experiment as --json shows it. What is not known is null, never a number that means nothing.
type proved struct {
	Control struct {
		N    int64    `json:"n"`
		Mean float64  `json:"mean"`
		SD   *float64 `json:"sd"`
	} `json:"control"`
	Arms    map[string]provedArm `json:"arms"`
	SRM     *float64             `json:"srm_p"`
	Blocked bool                 `json:"blocked"` // the groups are not those drawn: read nothing into the differences
	MDE     *float64             `json:"mde"`
	Uplift  *trial.Uplift        `json:"uplift,omitempty"` // by scikit-uplift's definition
}

// provedArm is a group against the control group, per customer.
type provedArm struct {
	N      int64    `json:"n"`
	Mean   float64  `json:"mean"`
	SD     *float64 `json:"sd"`
	Effect float64  `json:"effect"`
	provedInterval
	DF         *float64     `json:"df"`
	Lift       *float64     `json:"lift"`
	LiftLo     *float64     `json:"lift_lo"`
	LiftHi     *float64     `json:"lift_hi"`
	HolmP      *float64     `json:"holm_p"` // corrected for the number of groups
	AlwaysLo   *float64     `json:"always_lo"`
	AlwaysHi   *float64     `json:"always_hi"`
	Winsorised *provedCap   `json:"winsorised"`
	CUPED      *provedCUPED `json:"cuped"`
}

type provedInterval struct {
	SE *float64 `json:"se"`
	Lo *float64 `json:"lo"`
	Hi *float64 `json:"hi"`
	P  *float64 `json:"p"`
}

// provedBeside is a figure beside the plain one; gain is the share of customers it saves.
type provedBeside struct {
	Mean   float64 `json:"mean"`
	Effect float64 `json:"effect"`
	provedInterval
	Gain float64 `json:"gain"`
}

type provedCap struct {
	Limit float64 `json:"limit"`
	provedBeside
}

type provedCUPED struct {
	Theta       float64 `json:"theta"`
	Correlation float64 `json:"correlation"`
	provedBeside
}

func provedJSON(r *trial.Reading, limit *float64) proved {
	out := proved{Arms: map[string]provedArm{}, SRM: r.SampleRatio, Blocked: r.Blocked(), MDE: r.MDE}
	out.Control.N, out.Control.Mean, out.Control.SD = r.Control.Outcome.N, r.Control.Outcome.Mean, spreadOf(r.Control.Outcome)
	holm := holmOf(r)
	for i, a := range r.Arms {
		arm := provedArm{N: a.Outcome.N, Mean: a.Outcome.Mean, SD: spreadOf(a.Outcome), Effect: a.Effect, provedInterval: intervalOf(a.Estimate), HolmP: holm[i]}
		if a.Known {
			arm.DF, arm.AlwaysLo, arm.AlwaysHi = &a.DF, &a.Always[0], &a.Always[1]
		}
		if a.Lift.Known {
			arm.Lift, arm.LiftLo, arm.LiftHi = &a.Lift.Share, &a.Lift.Lo, &a.Lift.Hi
		}
		if a.Winsorised != nil && limit != nil {
			arm.Winsorised = &provedCap{*limit, besideOf(*a.Winsorised)}
		}
		if a.CUPED != nil {
			arm.CUPED = &provedCUPED{r.CUPED.Theta, r.CUPED.Correlation, besideOf(*a.CUPED)}
		}
		out.Arms[a.Name] = arm
	}
	return out
}

// spreadOf is the standard deviation; one customer has none.
func spreadOf(m trial.Moments) *float64 {
	if m.N < 2 {
		return nil
	}
	sd := m.SD()
	return &sd
}

func intervalOf(e trial.Estimate) provedInterval {
	if !e.Known {
		return provedInterval{}
	}
	return provedInterval{&e.SE, &e.Lo, &e.Hi, &e.P}
}

func besideOf(a trial.Adjusted) provedBeside {
	return provedBeside{a.Mean, a.Effect, intervalOf(a.Estimate), a.Gain}
}

// holmOf corrects the p values of the groups that have one.
func holmOf(r *trial.Reading) []*float64 {
	corrected := make([]*float64, len(r.Arms))
	var p []float64
	var of []int
	for i, a := range r.Arms {
		if a.Known {
			p, of = append(p, a.P), append(of, i)
		}
	}
	for i, v := range trial.Holm(p) {
		corrected[of[i]] = &v
	}
	return corrected
}
