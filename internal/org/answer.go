package org

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/errs"
)

// Step is one question of the guided set-up.
type Step string

// The steps, in the order in which they are asked.
const (
	Who      Step = "who"
	Networks Step = "networks"
	Names    Step = "names"
	Assets   Step = "assets"
	Products Step = "products"
	People   Step = "people"
	Cost     Step = "money"
)

// Steps lists all of them.
func Steps() []Step { return []Step{Who, Networks, Names, Assets, Products, People, Cost} }

// Answer is what a person writes into the fields of a step. Lists are texts with one
// entry a line. What the profile has and an answer does not name stays, but for the
// name, sectors, countries, domains and money: these are as answered.
type Answer struct {
	Name, Sectors, Countries string // lists separated by commas
	Domains                  string
	Brands                   string // "Brand: domain, domain"
	Networks                 string // "10.1.0.0/16 office normal exposed"
	Jewels                   string // "ERP erp01.corp.example 10.1.0.5; owner"
	Products                 string // "Vendor: product 1.2", a CPE or a purl
	Privileged, VIP          string // "Name; role; account, address"
	Currency                 string
	Bands                    map[Criticality][2]string // least, most
	Inventory                *Inventory                // of a file or a table
}

// maxLines bounds one answer.
const maxLines = 5000

// answer puts what was said into p and tells what it adds.
func (p *Profile) answer(step Step, a Answer) (Completion, error) {
	c := Completion{Kind: string(step), New: []string{}, Filled: []string{}}
	var wrong []string
	each := func(what, text string, take func(line string) error) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			if n > maxLines {
				wrong = append(wrong, fmt.Sprintf("%s: more than %d lines; import a file instead", what, maxLines))
				return
			}
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := take(line); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s, line %d: %v", what, n, err))
			}
		}
	}
	switch step {
	case Who:
		p.Name, p.Sectors = strings.TrimSpace(a.Name), commas(a.Sectors)
		p.Countries = nil
		for _, code := range commas(a.Countries) {
			if len(code) != 2 {
				wrong = append(wrong, fmt.Sprintf("countries: %q is no code of two letters such as DE", code))
			}
			p.Countries = append(p.Countries, strings.ToUpper(code))
		}
	case Networks:
		each("networks", a.Networks, func(line string) error { return p.addNetwork(line, &c) })
	case Names:
		p.Domains = nil
		each("domains", a.Domains, func(line string) error { return p.addDomains(line) })
		each("brands", a.Brands, func(line string) error { return p.addBrand(line, &c) })
	case Assets:
		each("crown jewels", a.Jewels, func(line string) error { return p.addJewel(line, &c) })
	case Products:
		each("products", a.Products, func(line string) error { return p.addProduct(line, &c) })
	case People:
		each("privileged people", a.Privileged, func(line string) error { return p.addPerson(line, true, &c) })
		each("exposed people", a.VIP, func(line string) error { return p.addPerson(line, false, &c) })
	case Cost:
		wrong = append(wrong, p.price(a)...)
	default:
		return c, errs.New(errs.NotFound, "step_unknown", "The set-up has no step %q.", step)
	}
	if len(wrong) > 0 {
		return c, errs.New(errs.Invalid, "answer_invalid", "%s.", strings.Join(wrong[:min(len(wrong), 10)], "; "))
	}
	if a.Inventory != nil {
		more := p.complete(*a.Inventory)
		c.New, c.Filled = append(c.New, more.New...), append(c.Filled, more.Filled...)
		c.Same, c.Skipped, c.Kind = c.Same+more.Same, more.Skipped, more.Kind
	}
	return c, nil
}

// commas are the entries of a list in one line, each once.
func commas(s string) (out []string) {
	for _, v := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if v = strings.TrimSpace(v); v != "" && !containsFold(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// price takes the bands of money; all fields empty say nothing in money.
func (p *Profile) price(a Answer) (wrong []string) {
	p.Money = Money{}
	given := false
	for _, v := range a.Bands {
		given = given || v[0]+v[1] != ""
	}
	if !given {
		return nil
	}
	p.Money = Money{Currency: strings.ToUpper(strings.TrimSpace(a.Currency)), Bands: map[Criticality][2]int64{}}
	for _, b := range moneyBands {
		var r [2]int64
		for i, s := range a.Bands[b] {
			n, err := strconv.ParseInt(strings.NewReplacer(" ", "", ",", "", "\u00a0", "", "'", "").Replace(s), 10, 64)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("money: %q of the band %s is no whole number", s, b))
			}
			r[i] = n
		}
		p.Money.Bands[b] = r
	}
	return wrong
}
