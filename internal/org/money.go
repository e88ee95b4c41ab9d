package org

import "fmt"

// Money is what an event of each band costs the organisation when an attack does all
// it can: the range between what it may well be and what it hardly exceeds.
type Money struct {
	Currency string                   `yaml:"currency" json:"currency"` // ISO 4217
	Bands    map[Criticality][2]int64 `yaml:"bands" json:"bands"`       // all five, or the money is not known
}

// moneyBands are the bands in rising order.
var moneyBands = []Criticality{Negligible, Low, Normal, High, Crown}

// Given tells whether the organisation said what its bands cost.
func (m Money) Given() bool { return len(m.Bands) > 0 }

// Range is what an event of a weight costs (1, 3, 10, 30 or 100); ok is false when the
// organisation did not say.
func (m Money) Range(weight float64) (from, to int64, ok bool) {
	for _, b := range moneyBands {
		if r, given := m.Bands[b]; given && b.Weight() == weight {
			return r[0], r[1], true
		}
	}
	return 0, 0, false
}

// maxMoney bounds an amount: what is more is a slip of the pen.
const maxMoney = 1_000_000_000_000

func (m Money) problems() (out []string) {
	if len(m.Bands) == 0 && m.Currency == "" {
		return nil
	}
	if len(m.Currency) != 3 {
		out = append(out, fmt.Sprintf("money: the currency %q is no code of three letters such as EUR", m.Currency))
	}
	before := [2]int64{}
	known := 0
	for _, b := range moneyBands {
		r, ok := m.Bands[b]
		if !ok {
			out = append(out, fmt.Sprintf("money: the band %s is missing; give all five, or none", b))
			continue
		}
		known++
		switch {
		case r[0] < 0 || r[1] < r[0] || r[1] > maxMoney:
			out = append(out, fmt.Sprintf("money: the band %s goes from %d to %d; write [least, most]", b, r[0], r[1]))
		case r[0] < before[0] || r[1] < before[1]:
			out = append(out, fmt.Sprintf("money: the band %s costs less than the one below it", b))
		}
		before = r
	}
	if known < len(m.Bands) {
		out = append(out, "money: bands are negligible, low, normal, high and crown-jewel, nothing else")
	}
	return out
}
