package btyd

import "math"

// cut is how many powers of e an integrand may fall before it is left out.
const cut = 45

// legendre are nodes and weights of Gauss and Legendre on [0, 1].
type legendre struct {
	n    int
	x, w [20]float64
}

// newLegendre has 20 nodes: on the integrals of Pareto/NBD, twenty give the logarithm of a likelihood to 1e-12, sixteen to 1e-8.
func newLegendre() legendre {
	return mirrored(10, [10][2]float64{
		{0.07652652113349733, 0.15275338713072584}, {0.22778585114164507, 0.14917298647260374},
		{0.37370608871541955, 0.14209610931838204}, {0.51086700195082713, 0.13168863844917664},
		{0.63605368072651502, 0.11819453196151842}, {0.74633190646015080, 0.10193011981724044},
		{0.83911697182221878, 0.08327674157670475}, {0.91223442825132595, 0.06267204833410907},
		{0.96397192727791381, 0.04060142980038694}, {0.99312859918509492, 0.01761400713915212},
	})
}

// shortLegendre has 8 nodes, for integrands that change little.
func shortLegendre() legendre {
	return mirrored(4, [10][2]float64{
		{0.1834346424956498, 0.3626837833783620}, {0.5255324099163290, 0.3137066458778873},
		{0.7966664774136267, 0.2223810344533745}, {0.9602898564975363, 0.1012285362903763},
	})
}

// mirrored is the rule on [0, 1] of the positive half of that on [-1, 1].
func mirrored(n int, half [10][2]float64) legendre {
	l := legendre{n: 2 * n}
	for i, xw := range half[:n] {
		l.x[n-1-i], l.x[n+i] = (1-xw[0])/2, (1+xw[0])/2
		l.w[n-1-i], l.w[n+i] = xw[1]/2, xw[1]/2
	}
	return l
}

// integral is that of f from one end to the other.
func (l *legendre) integral(from, to float64, f func(float64) float64) float64 {
	var sum float64
	for i := range l.n {
		sum += l.w[i] * f(from+(to-from)*l.x[i])
	}
	return (to - from) * sum
}

// side is one of the two factors of the integrals below, (1 + u/at)^-power.
type side struct {
	power   float64
	span    float64 // ln(1 + t/at)
	inverse float64 // 1/at
}

func newSide(at, power, t float64) side { return side{power, math.Log1p(t / at), 1 / at} }

// integrals is the integral of the product of two sides over u from 0 to t: by Gauss-Legendre over v = ln(1 + u/at) with the
// smaller of the two at, cut where nothing is left. The usual form with Gauss's hypergeometric function overflows for buyers
// with many purchases.
//
// With the integrand as weights it also has the means and covariances of ln(1 + u/at) and 1/(at+u), of the first side (0, 1)
// and the second (2, 3): they are what its logarithm's derivatives are made of.
type integrals struct {
	near, far  side // the one with the smaller at, and the other
	crossed    bool // near is the second side
	value      float64
	mean       [4]float64
	covariance [10]float64
}

func newIntegrals(first, second side) integrals {
	if first.inverse >= second.inverse {
		return integrals{near: first, far: second}
	}
	return integrals{near: second, far: first, crossed: true}
}

// reach is the upper end over v, and the ratio of near to far.
func (in *integrals) reach() (end, ratio float64) {
	ratio, end = in.far.inverse/in.near.inverse, in.near.span
	if fall := in.near.power - 1 + in.far.power*ratio; fall*end > cut {
		end = cut / fall
	}
	return end, ratio
}

// alone works out value.
func (in *integrals) alone(nodes *legendre) float64 {
	end, ratio := in.reach()
	var sum float64
	for i := range nodes.n {
		v := end * nodes.x[i]
		sum += nodes.w[i] * math.Exp(v-in.near.power*v-in.far.power*math.Log(1+ratio*(math.Exp(v)-1)))
	}
	in.value = sum * end / in.near.inverse
	return in.value
}

// first works out value and mean.
func (in *integrals) first(nodes *legendre) {
	end, ratio := in.reach()
	var s0, s1, s2, s3, s4 float64
	for i := range nodes.n {
		v := end * nodes.x[i]
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
	in.value = s0 * end / in.near.inverse
	in.mean = [4]float64{s1 / s0, s2 / s0 * in.near.inverse, s3 / s0, s4 / s0 * in.far.inverse}
	in.uncross()
}

// second works out covariance too.
func (in *integrals) second(nodes *legendre) {
	end, ratio := in.reach()
	var s0 float64
	var s [4]float64
	var ss [10]float64
	for i := range nodes.n {
		v := end * nodes.x[i]
		grown := math.Exp(v)
		wide := 1 + ratio*(grown-1)
		a, b, c, d := v, 1/grown, math.Log(wide), 1/wide
		f := nodes.w[i] * math.Exp(v-in.near.power*v-in.far.power*c)
		fa, fb, fc, fd := f*a, f*b, f*c, f*d
		s0 += f
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
	in.value = s0 * end / in.near.inverse
	scale := [4]float64{1, in.near.inverse, 1, in.far.inverse}
	at := 0
	for i := range s {
		in.mean[i] = s[i] / s0 * scale[i]
		for j := i; j < 4; j++ {
			in.covariance[at] = (ss[at]/s0 - s[i]/s0*s[j]/s0) * scale[i] * scale[j]
			at++
		}
	}
	in.uncross()
}

// uncross brings mean and covariance from near and far to first and second.
func (in *integrals) uncross() {
	if !in.crossed {
		return
	}
	m, c := in.mean, in.covariance
	in.mean = [4]float64{m[2], m[3], m[0], m[1]}
	in.covariance = [10]float64{c[7], c[8], c[2], c[5], c[9], c[3], c[6], c[0], c[1], c[4]}
}
