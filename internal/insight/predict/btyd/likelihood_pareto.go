package btyd

import "math"

// paretoLikelihood is that of Pareto/NBD, by r, alpha, s, beta.
type paretoLikelihood struct {
	purchasing
	s, beta         float64
	byAlpha, byBeta byTime
	nodes           *legendre
}

func newParetoLikelihood(d *dataset, p []float64) *paretoLikelihood {
	return &paretoLikelihood{purchasing: purchasing{d, p[0], p[1]}, s: p[2], beta: p[3],
		byAlpha: newByTime(d.times, p[1]), byBeta: newByTime(d.times, p[3]), nodes: newLegendre()}
}

func (l *paretoLikelihood) groups(m *moments) {
	l.purchasing.groups(m)
	for _, g := range l.d.ts {
		t := l.d.times[g.value]
		inverse, grown := 1/(l.beta+t), math.Log1p(t/l.beta)
		m.ll -= l.s * g.customers * grown
		m.first[2] -= g.customers * grown
		m.first[3] += l.s * g.customers * t / l.beta * inverse
		m.second[packed(2, 3)] += g.customers * t / l.beta * inverse
		m.second[packed(3, 3)] -= l.s * g.customers * t / l.beta * (inverse + 1/l.beta) * inverse
	}
}

func (l *paretoLikelihood) rows(rows []row, second bool, m *moments) {
	alphaFirst := l.alpha <= l.beta
	for _, row := range rows {
		if row.t == row.tx {
			continue // she bought on the last day: she is there
		}
		k := l.r + float64(l.d.xs[row.x].value)
		pair := integrals{
			near: side{k, l.byAlpha.log[row.t] - l.byAlpha.log[row.tx], l.byAlpha.inverse[row.tx]},
			far:  side{l.s + 1, l.byBeta.log[row.t] - l.byBeta.log[row.tx], l.byBeta.inverse[row.tx]},
		}
		ua, ub := pair.near.span, pair.far.span
		if !alphaFirst {
			pair.near, pair.far = pair.far, pair.near
		}
		if second {
			pair.second(l.nodes)
		} else {
			pair.first(l.nodes)
		}
		if !alphaFirst {
			pair.swap()
		}
		d := math.Log(l.s*pair.total*min(1, l.byBeta.inverse[row.tx]/l.byAlpha.inverse[row.tx])) + k*ua + l.s*ub
		if !(d >= negligible) {
			continue
		}
		more, w := share(d)
		m.ll += row.n * more
		l.derivatives(m, &pair, row, k, w, second)
	}
}

// derivatives adds those of one row, where w is the probability of having left: of d = ln s + ln I + k ln(alpha+T) +
// s ln(beta+T) with I the integral of (alpha+u)^-k (beta+u)^-(s+1), whose derivatives are means and covariances of those of its
// logarithm.
func (l *paretoLikelihood) derivatives(m *moments, in *integrals, row row, k, w float64, second bool) {
	ia, ib, s1 := l.byAlpha.inverse[row.t], l.byBeta.inverse[row.t], l.s+1
	g := [4]float64{
		l.byAlpha.log[row.t] - l.byAlpha.log[row.tx] - in.mean[0],
		k * (ia - in.mean[1]),
		1/l.s + l.byBeta.log[row.t] - l.byBeta.log[row.tx] - in.mean[2],
		l.s*ib - s1*in.mean[3],
	}
	n := row.n * w
	for i := range g {
		m.first[i] += n * g[i]
	}
	if !second {
		return
	}
	c := &in.covariance
	h := [10]float64{
		c[0], -in.mean[1] + k*c[1] + ia, c[2], s1 * c[3],
		k*(c[4]+in.mean[1]*in.mean[1]) + k*k*c[4] - k*ia*ia, k * c[5], k * s1 * c[6],
		c[7] - 1/(l.s*l.s), -in.mean[3] + s1*c[8] + ib,
		s1*(c[9]+in.mean[3]*in.mean[3]) + s1*s1*c[9] - l.s*ib*ib,
	}
	at := 0
	for i := range g {
		for j := i; j < 4; j++ {
			m.second[at] += n * (h[at] + (1-w)*g[i]*g[j])
			at++
		}
	}
}

// side is one of the two factors of the integrand, (v+u)^-power from u = t_x to T.
type side struct {
	power   float64
	span    float64 // ln((v+T)/(v+t_x))
	inverse float64 // 1/(v+t_x)
}

// integrals is the integral of the product of two sides over u from t_x to T, near with the smaller v, divided by its
// integrand at t_x times (v_near+t_x): the total, and with the integrand as weights the means and covariances of
// ln((v+u)/(v+t_x)) and 1/(v+u), for near (0, 1) and far (2, 3).
type integrals struct {
	near, far  side
	total      float64
	mean       [4]float64
	covariance [10]float64
}

// reach is the upper end over w = ln((v_near+u)/(v_near+t_x)), cut where nothing is left, and the ratio of the sides at t_x.
func (in *integrals) reach() (end, ratio float64) {
	ratio, end = in.far.inverse/in.near.inverse, in.near.span
	if fall := in.near.power - 1 + in.far.power*ratio; fall*end > cut {
		end = cut / fall
	}
	return end, ratio
}

// first works out total and mean.
func (in *integrals) first(nodes *legendre) {
	end, ratio := in.reach()
	var s0, s1, s2, s3, s4 float64
	for i, x := range &nodes.x {
		v := end * x
		grown := math.Exp(v)
		wide := 1 + ratio*(grown-1)
		log := math.Log(wide)
		f := nodes.w[i] * math.Exp(v-in.near.power*v-in.far.power*log)
		s0 += f
		s1 += f * v
		s2 += f / grown
		s3 += f * log
		s4 += f / wide
	}
	in.total = s0 * end
	in.mean = [4]float64{s1 / s0, s2 / s0 * in.near.inverse, s3 / s0, s4 / s0 * in.far.inverse}
}

// second works out covariance too.
func (in *integrals) second(nodes *legendre) {
	end, ratio := in.reach()
	var s0 float64
	var s [4]float64
	var ss [10]float64
	for i, x := range &nodes.x {
		v := end * x
		grown := math.Exp(v)
		wide := 1 + ratio*(grown-1)
		a, b, c, d := v, 1/grown, math.Log(wide), 1/wide
		f := nodes.w[i] * math.Exp(v-in.near.power*v-in.far.power*c)
		s0 += f
		fa, fb, fc, fd := f*a, f*b, f*c, f*d
		s[0] += fa
		s[1] += fb
		s[2] += fc
		s[3] += fd
		ss[0] += fa * a
		ss[1] += fa * b
		ss[2] += fa * c
		ss[3] += fa * d
		ss[4] += fb * b
		ss[5] += fb * c
		ss[6] += fb * d
		ss[7] += fc * c
		ss[8] += fc * d
		ss[9] += fd * d
	}
	in.total = s0 * end
	scale := [4]float64{1, in.near.inverse, 1, in.far.inverse}
	at := 0
	for i := range s {
		in.mean[i] = s[i] / s0 * scale[i]
		for j := i; j < 4; j++ {
			in.covariance[at] = (ss[at]/s0 - s[i]/s0*s[j]/s0) * scale[i] * scale[j]
			at++
		}
	}
}

// swap exchanges near and far.
func (in *integrals) swap() {
	in.near, in.far = in.far, in.near
	m, c := in.mean, in.covariance
	in.mean = [4]float64{m[2], m[3], m[0], m[1]}
	in.covariance = [10]float64{c[7], c[8], c[2], c[5], c[9], c[3], c[6], c[0], c[1], c[4]}
}
