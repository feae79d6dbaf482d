package coupon

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strings"
)

// alphabet is what own codes are written with: no characters that look like one of the others, on paper or in the hand of
// somebody who reads them out. There are a prime number of them, so that the check character finds every single wrong
// character and every two that changed places.
const (
	alphabet = "23456789ACDEFHJKMNPRTXY"
	base     = int64(len(alphabet))
	payload  = 11 // characters before the check character
	group    = 4  // characters between hyphens
	written  = payload + 1
)

// space is how many codes there are, 23^11, nearly 10^15: with a million of them in use one guess in a thousand million is right.
const space = base * base * base * base * base * base * base * base * base * base * base

// Format writes the number of a code as people see it: 7K3M-XR2P-9HDA.
func Format(number int64) string {
	var digits [written]int64
	sum := int64(0)
	for i := payload - 1; i >= 0; i-- {
		digits[i] = number % base
		number /= base
		sum += digits[i] * int64(i+1)
	}
	digits[payload] = check(sum)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && i%group == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[d])
	}
	return b.String()
}

// check is the digit that makes the sum of all digits, each times its place, a multiple of 23: 12 × 2 is 1 modulo 23.
func check(sum int64) int64 { return (base - sum%base) * 2 % base }

// Parse reads a code as people type it: in whatever case, with or without hyphens and blanks. Characters of codes that
// look alike are read as the one that is in use. False is what cannot be a code.
func Parse(text string) (number int64, ok bool) {
	n, sum := int64(0), int64(0)
	for _, r := range text {
		if strings.ContainsRune(" -\t\u00a0\u2010\u2011\u2012\u2013\u2014", r) {
			continue
		}
		d := digit(r)
		if d < 0 || n == written {
			return 0, false
		}
		n++
		sum += d * n
		if n < written {
			number = number*base + d
		}
	}
	return number, n == written && sum%base == 0
}

// digit is the place of a character in the alphabet, -1 if it has none.
func digit(r rune) int64 {
	if r >= 'a' && r <= 'z' {
		r += 'A' - 'a'
	}
	switch r {
	case 'B':
		r = '8'
	case 'G':
		r = '6'
	case 'S':
		r = '5'
	case 'Z':
		r = '2'
	}
	if r > 'Z' {
		return -1
	}
	return int64(strings.IndexByte(alphabet, byte(r)))
}

// draw returns so many different numbers of codes in ascending order, which is the order the store takes them in fastest.
func draw(n int) []int64 {
	const bits = 50 // 2^50 is the first power above space; what lies between is drawn again
	all := make([]int64, 0, n)
	random := make([]byte, 8*(n+n/4+1))
	for len(all) < n {
		rand.Read(random) // never fails
		for ; len(random) >= 8 && len(all) < n; random = random[8:] {
			if v := int64(binary.LittleEndian.Uint64(random) >> (64 - bits)); v < space {
				all = append(all, v)
			}
		}
		random = make([]byte, 8*(n-len(all)+8))
		if len(all) == n {
			slices.Sort(all)
			all = slices.Compact(all)
		}
	}
	return all
}
