package misp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
)

func TestTagsJudge(t *testing.T) {
	for _, c := range []struct {
		name       string
		event, tag []string // of the event and of the attribute
		confidence int
		tlp        indicator.TLP
		kept       []string
	}{
		{name: "nothing said", tag: []string{"tlp:green"}, tlp: indicator.TLPGreen},
		{
			name: "credible, from a usual source", tag: []string{`admiralty-scale:information-credibility="1"`, `admiralty-scale:source-reliability="b"`}, confidence: 75,
			kept: []string{`admiralty-scale:information-credibility="1"`, `admiralty-scale:source-reliability="b"`},
		},
		{
			name: "cannot be judged", tag: []string{`admiralty-scale:information-credibility="6"`, `admiralty-scale:source-reliability="F"`},
			kept: []string{`admiralty-scale:information-credibility="6"`, `admiralty-scale:source-reliability="F"`},
		},
		{name: "likely", event: []string{`estimative-language:likelihood-probability="very-likely"`}, confidence: 80, kept: []string{`estimative-language:likelihood-probability="very-likely"`}},
		{
			name: "MISP's own words win, and the attribute's over the event's", event: []string{`misp:confidence-level="unconfident"`},
			tag: []string{`admiralty-scale:information-credibility="5"`, `misp:confidence-level="usually-confident"`}, confidence: 75,
			kept: []string{`misp:confidence-level="unconfident"`, `admiralty-scale:information-credibility="5"`, `misp:confidence-level="usually-confident"`},
		},
		{name: "labels that contradict each other", tag: []string{"tlp:green", "TLP:RED", "PAP:AMBER"}, tlp: indicator.TLPRed, kept: []string{"PAP:AMBER", "tlp:green", "TLP:RED"}},
		{name: "one label in two words", tag: []string{"tlp:white", "tlp:clear"}, tlp: indicator.TLPClear},
		{name: "an attribute stricter than its event", event: []string{"tlp:green"}, tag: []string{"tlp:red"}, tlp: indicator.TLPRed},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := func(tags []string) string {
				var out []string
				for _, tag := range tags {
					out = append(out, fmt.Sprintf(`{"name":%q}`, tag))
				}
				return "[" + strings.Join(out, ",") + "]"
			}
			s, err := parse(t, `{"Event":{"Tag":`+list(c.event)+`,"Attribute":[{"type":"domain","to_ids":true,"value":"evil.example","Tag":`+list(c.tag)+`}]}}`)
			if err != nil || len(s.Claims) != 1 {
				t.Fatalf("%d claims, %v", len(s.Claims), err)
			}
			got := s.Claims[0]
			if got.Confidence != c.confidence || got.TLP != c.tlp {
				t.Errorf("confidence %d, %s; want %d, %s", got.Confidence, got.TLP, c.confidence, c.tlp)
			}
			if d := cmp.Diff(c.kept, got.Tags); d != "" {
				t.Error(d)
			}
		})
	}
}
