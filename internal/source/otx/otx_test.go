package otx_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/source/otx"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const pulses = `{"count":1,"next":null,"results":[{"id":"5f","name":"Herons","author_name":"us","tlp":"amber","adversary":"Grey Heron","malware_families":["Quack",{"id":"x","display_name":"Honk"}],
"tags":["phish"],"references":["https://a.example/r"],"attack_ids":[{"id":"T1566"}],"modified":"2026-01-02T03:04:05.000000","indicators":[
{"id":1,"indicator":"203.0.113.7","type":"IPv4","created":"2026-01-01T00:00:00","is_active":1},
{"id":2,"indicator":"www.bad.example","type":"hostname","created":"2026-01-01T00:00:00","expiration":"2026-03-01T00:00:00"},
{"id":3,"indicator":"old.example","type":"domain","is_active":0},
{"id":4,"indicator":"x","type":"YARA"},
{"id":5,"indicator":"d41d8cd98f00b204e9800998ecf8427e","type":"FileHash-MD5","title":"loader"}]}]}`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{Parser: otx.Parser{}, Name: "pulses.json", Good: pulses, Claims: 3, Drops: map[string]int{"inactive": 1, "type-yara": 1}, Wrong: `{"a":1}`})
}

func FuzzParse(f *testing.F) {
	sourcetest.Fuzz(f, otx.Parser{}, collect.Options{}, pulses, `{"name":"x","indicators":[{"type":"IPv4","indicator":""}]}`)
}

func TestClaims(t *testing.T) {
	var s sourcetest.Sink
	if err := (otx.Parser{}).Parse(t.Context(), collect.Input{Name: "p.json", Reader: strings.NewReader("[" + strings.TrimSuffix(strings.SplitN(pulses, `"results":[`, 2)[1], "]}") + "]")}, &s); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Claims {
		got = append(got, fmt.Sprintf("%s %s %v %s until %s: %s", c.Type, c.Raw, c.Names, c.TLP, c.ValidUntil.Format("2006-01-02"), c.Comment))
	}
	want := []string{
		"ipv4-addr 203.0.113.7 [Grey Heron Quack Honk] TLP:AMBER until 0001-01-01: Herons",
		"domain-name www.bad.example [Grey Heron Quack Honk] TLP:AMBER until 2026-03-01: Herons",
		"file:md5 d41d8cd98f00b204e9800998ecf8427e [Grey Heron Quack Honk] TLP:AMBER until 0001-01-01: loader",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
