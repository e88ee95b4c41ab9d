package landscape

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// product is a technology of ours by the words that texts use for it.
type product struct{ name, folded string }

// families are products that nearly everything concerns: to be told of them tells
// nothing.
var families = wordSet(`windows linux server android macos ios office java python chrome edge firefox unix database web mail network`)

// productsOf are the technologies that a text can name: without versions, and
// without the names of families.
func productsOf(ts []Technology) []product {
	var out []product
	for _, t := range ts {
		f := fold(t.Name)
		words := slices.DeleteFunc(strings.Fields(f), func(w string) bool { return strings.Trim(w, "0123456789hrv.") == "" })
		rest := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return families[w] || w == fold(t.Vendor) })
		f = strings.Join(words, " ")
		if len(f) < 4 || len(rest) == 0 || slices.ContainsFunc(out, func(p product) bool { return p.folded == f }) {
			continue
		}
		out = append(out, product{t.Name, f})
	}
	slices.SortFunc(out, func(a, b product) int { return cmp.Compare(a.folded, b.folded) })
	return out
}

// telling leaves out the products that the texts of many actors name.
func telling(ps []product, actors []Actor) []product {
	if len(actors) < leastForCommonality {
		return ps
	}
	return slices.DeleteFunc(ps, func(p product) bool {
		n := 0
		for i := range actors {
			if slices.ContainsFunc(actors[i].Texts, func(t Text) bool { return has(fold(t.Body), p.folded) }) {
				n++
			}
		}
		return n*commonTechnology > len(actors)
	})
}

// has reports whether folded words stand in a folded text.
func has(text, words string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], words)
		if i < 0 {
			return false
		}
		i += at
		if (i == 0 || text[i-1] == ' ') && (i+len(words) == len(text) || text[i+len(words)] == ' ') {
			return true
		}
		at = i + 1
	}
}

var vulnerability = regexp.MustCompile(`\bCVE-[0-9]{4}-[0-9]{4,7}\b`)

// technology weighs what is written of the products we have: above all that a
// vulnerability in them is exploited.
func (x *assessor) technology(a *Actor) []Term {
	var out []Term
	for _, p := range x.products {
		if t, ok := x.exploited(a, p); ok {
			out = append(out, t)
		} else if t, ok := x.named(a, p); ok {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b Term) int { return cmp.Compare(b.Weight, a.Weight) })
	return out[:min(len(out), technologyTerms)]
}

func (x *assessor) exploited(a *Actor, p product) (Term, bool) {
	var found []Term
	for _, c := range a.Exploits {
		if has(fold(c.Sentence), p.folded) {
			found = append(found, Term{Kind: Exposure, Weight: weightExploits, Short: "exploits " + p.name, Text: fmt.Sprintf("It exploits %s, and we have %s.", c.Value, p.name), Source: c.Source, Sentence: c.Sentence})
		}
	}
	for _, t := range a.Texts {
		for _, s := range mentioning(t.Body, p) {
			if cve := vulnerability.FindString(s); cve != "" {
				found = append(found, Term{Kind: Exposure, Weight: weightExploits, Short: "exploits " + p.name, Text: fmt.Sprintf("%s is told of with %s, and we have it.", cve, p.name), Source: t.Source, Sentence: s})
			}
		}
	}
	return least(found)
}

func (x *assessor) named(a *Actor, p product) (Term, bool) {
	var found []Term
	for _, t := range a.Texts {
		for _, s := range mentioning(t.Body, p) {
			text := fmt.Sprintf("What is written of it names %s, which we have.", p.name)
			if t.Of != "" {
				text = fmt.Sprintf("It uses %s, and what is written of that names %s, which we have.", t.Of, p.name)
			}
			found = append(found, Term{Kind: InUse, Weight: weightTechnology, Short: p.name, Text: text, Source: t.Source, Sentence: s})
		}
	}
	return least(found)
}

// least picks one of several equal terms, whatever their order.
func least(ts []Term) (Term, bool) {
	if len(ts) == 0 {
		return Term{}, false
	}
	return slices.MinFunc(ts, func(a, b Term) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Sentence, b.Sentence))
	}), true
}

// mentioning returns the sentences of a text that name a product.
func mentioning(body string, p product) []string {
	if !has(fold(body), p.folded) {
		return nil
	}
	var out []string
	for _, s := range sentences(Plain(body)) {
		if has(fold(s), p.folded) {
			out = append(out, s)
		}
	}
	return out
}
