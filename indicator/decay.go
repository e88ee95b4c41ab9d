package indicator

import (
	"math"
	"time"
)

// Decay is how the score of an indicator falls with its age:
//
//	score(t) = base * (1 - (t/Lifetime)^(1/Delta))
//
// It is MISP's polynomial model, and OpenCTI's with Delta = 3 * decay_pound.
// Delta 1 falls evenly, above 1 first fast, below 1 first slowly.
type Decay struct {
	Lifetime  time.Duration // age at which the score is 0
	Delta     float64
	Threshold float64 // below this score an indicator has expired
}

const day = 24 * time.Hour

// DecayOf returns the model of a type: the built-in rules of OpenCTI
// (decayRule-domain.ts). Addresses change hands in weeks, hashes never mean
// anything else.
func DecayOf(t Type) Decay {
	switch t {
	case IPv4, IPv6, IPv4Port, IPv6Port, URL:
		return Decay{47 * day, 3 * 0.55, 20}
	case Domain, DomainPort:
		return Decay{300 * day, 3 * 0.7, 20}
	case MD5, SHA1, SHA256, SHA512, FileName:
		return Decay{460 * day, 3 * 0.3, 20}
	}
	return Decay{470 * day, 3 * 0.35, 20}
}

// Score returns the score at an age. An age below 0 (a source whose clock is
// ahead) counts as 0.
func (d Decay) Score(base float64, age time.Duration) float64 {
	switch {
	case age <= 0:
		return base
	case age >= d.Lifetime || d.Delta <= 0:
		return 0
	}
	return base * (1 - math.Pow(float64(age)/float64(d.Lifetime), 1/d.Delta))
}

// Reaches returns the age at which the score falls to s: 0 when base is not
// above s.
func (d Decay) Reaches(base, s float64) time.Duration {
	if base <= s || base <= 0 {
		return 0
	}
	return time.Duration(float64(d.Lifetime) * math.Pow(1-max(s, 0)/base, d.Delta))
}

// Expiry returns when an indicator of this base score, last confirmed at origin,
// falls to the threshold. It is computed once, at write, and indexed.
func (d Decay) Expiry(origin time.Time, base float64) time.Time {
	return origin.Add(d.Reaches(base, d.Threshold))
}
