package misp

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// Numbers of MISP's taxonomies; 0 is not stated, so that "improbable" and the like are 1.
// What cannot be judged states nothing.
var (
	credibilities = map[string]int{"1": 100, "2": 75, "3": 50, "4": 25, "5": 1}
	reliabilities = map[string]int{"a": 100, "b": 75, "c": 50, "d": 25, "e": 1, "g": 1}
	likelihoods   = map[string]int{
		"almost-no-chance": 1, "very-unlikely": 5, "unlikely": 20, "roughly-even-chance": 45, "likely": 55, "very-likely": 80, "almost-certain": 95,
	}
	convictions = map[string]int{"low": 1, "moderate": 55, "high": 95}
)

// judged is how sure the tags say somebody is, 0 when they do not: in the words of MISP's
// own confidence, else as the Admiralty code says (the credibility of the information,
// bounded by the reliability of who gave it), else as estimative language does.
func judged(tags []tag) int {
	said := map[string]int{}
	for _, t := range tags {
		predicate, value, ok := strings.Cut(strings.ToLower(string(t.Name)), "=")
		if !ok {
			continue
		}
		if n := scales[predicate][strings.Trim(value, `" `)]; n > 0 {
			said[predicate] = lower(said[predicate], n) // of two that contradict each other, the more careful one
		}
	}
	for _, n := range []int{
		said["misp:confidence-level"],
		lower(said["admiralty-scale:information-credibility"], said["admiralty-scale:source-reliability"]),
		lower(said["estimative-language:likelihood-probability"], said["estimative-language:confidence-in-analytic-judgment"]),
	} {
		if n > 0 {
			return n
		}
	}
	return 0
}

// scales are the predicates that say how sure somebody is.
var scales = map[string]map[string]int{
	"misp:confidence-level":                               confidences,
	"admiralty-scale:information-credibility":             credibilities,
	"admiralty-scale:source-reliability":                  reliabilities,
	"estimative-language:likelihood-probability":          likelihoods,
	"estimative-language:confidence-in-analytic-judgment": convictions,
}

// lower is the lower of two numbers that are stated.
func lower(a, b int) int {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}

// keepContradiction keeps the TLP labels of one thing as tags when they contradict each
// other: the stricter one counts, and whoever looks sees that there were two.
func keepContradiction(c *indicator.Claim, tags []tag) {
	labels := map[indicator.TLP]string{}
	for _, t := range tags {
		name := string(t.Name)
		if l := indicator.ParseTLP(name); l != indicator.TLPUnknown && strings.HasPrefix(strings.ToLower(name), "tlp:") {
			labels[l] = name
		}
	}
	if len(labels) < 2 {
		return
	}
	for _, t := range tags {
		for _, name := range labels {
			if name == string(t.Name) {
				c.Tags = add(c.Tags, name)
			}
		}
	}
}
