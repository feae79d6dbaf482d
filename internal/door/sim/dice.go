package sim

import (
	"math"
	"math/rand/v2"
)

// purpose separates the random numbers of one customer or order from each other, so that a question asked more or less in
// one place (a longer basket, another name) leaves all other answers as they are.
type purpose uint64

const (
	forLife purpose = iota + 1
	forOrders
	forGuests
	forBasket
	forPerson
	forContacts
	forFate // what happens to a document afterwards: invoice, payment, return
	forQuotes
	forVisits
	forProducts
	forRecent
	forMeasures
	forPermission
	forReading
)

// dice is the source of random numbers of one question about one thing. It is a value without pointers: a million of them
// cost nothing.
type dice struct {
	pcg rand.PCG
}

// throw returns the dice for part n of thing i. They depend on nothing else, so every record can be generated again alone
// and in any order.
func throw(seed uint64, p purpose, i, n uint64) dice {
	a := mix(seed ^ uint64(p)*0x9e3779b97f4a7c15)
	b := mix(a ^ i*0xbf58476d1ce4e5b9)
	c := mix(b ^ n*0x94d049bb133111eb)
	var d dice
	d.pcg.Seed(b, c)
	return d
}

// mix is the finalizer of splitmix64: neighbouring numbers come out unlike each other.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns a number from 0 to n-1.
func (d *dice) below(n int) int {
	// The bias of multiply-and-shift is n/2^32: nothing beside the numbers used here.
	return int((d.pcg.Uint64() >> 32) * uint64(n) >> 32)
}

// between returns a number from lo to hi, both included.
func (d *dice) between(lo, hi int) int { return lo + d.below(hi-lo+1) }

// share returns a number in [0, 1).
func (d *dice) share() float64 { return float64(d.pcg.Uint64()>>11) * (1.0 / (1 << 53)) }

// chance reports true in a share p of all cases.
func (d *dice) chance(p float64) bool { return d.share() < p }

// exp returns an exponentially distributed number with mean 1.
func (d *dice) exp() float64 { return -math.Log(1 - d.share()) }

// normal returns a number of the standard normal distribution (polar method).
func (d *dice) normal() float64 {
	for {
		u, v := 2*d.share()-1, 2*d.share()-1
		if s := u*u + v*v; s > 0 && s < 1 {
			return u * math.Sqrt(-2*math.Log(s)/s)
		}
	}
}

// gamma returns a gamma-distributed number of that shape and mean (Marsaglia and Tsang).
func (d *dice) gamma(shape, mean float64) float64 {
	scale, boost := mean/shape, 1.0
	if shape < 1 {
		boost = math.Pow(1-d.share(), 1/shape)
		shape++
	}
	a := shape - 1.0/3
	c := 1 / math.Sqrt(9*a)
	for {
		x := d.normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-d.share()) < 0.5*x*x+a-a*v+a*math.Log(v) {
			return a * v * boost * scale
		}
	}
}

// pick returns one of the values, all alike likely.
func pick[T any](d *dice, values []T) T { return values[d.below(len(values))] }

// urn answers weighted draws in one step: each value lies in it as often as its weight says.
type urn[T any] []T

// fill makes an urn of about size lots, at least one for each value whose weight is above zero.
func fill[T any](size int, values []T, weight func(T) float64) urn[T] {
	var total float64
	for _, v := range values {
		total += weight(v)
	}
	var u urn[T]
	for _, v := range values {
		w := weight(v)
		if w <= 0 {
			continue
		}
		for range max(1, int(math.Round(w/total*float64(size)))) {
			u = append(u, v)
		}
	}
	return u
}

func (u urn[T]) draw(d *dice) T { return u[d.below(len(u))] }
