package pipeline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/match/pattern"
	"github.com/vedette-soc/vedette/ref"
)

// pastPattern makes a STIX pattern of one observation over values, fields or both.
func pastPattern(rnd *rand.Rand) string {
	one := func() string {
		return pick(rnd,
			"domain-name:value LIKE '%"+pick(rnd, pastHosts...)+"'", "domain-name:value = '"+pick(rnd, pastHosts...)+"'", "ipv4-addr:value = '"+pick(rnd, pastAddrs...)+"'",
			"domain-name:value MATCHES '^(cdn|www)[.]'", "ipv4-addr:value ISSUBSET '10.1.0.0/16'", "ipv4-addr:value != '10.1.2.3'", "domain-name:value LIKE '%.e%'",
			"process:command_line LIKE '%-enc%'", "process:command_line LIKE '%POWERSHELL%'", "process:command_line MATCHES 'gate[.]php$'", "process:command_line = 'curl -s /gate.php'",
			"process:command_line LIKE '%echo \"a\" & who%'", "process:command_line LIKE '%d\u00fcster'", `process:command_line LIKE '%\\\\notepad.exe "x%'`,
			"file:hashes.MD5 = '"+pastHash[0]+"'", "file:name LIKE 'drop%'", "network-traffic:dst_port = 443", "network-traffic:dst_port IN (80, 443)",
			"network-traffic:dst_ref.value = '"+pick(rnd, pastAddrs...)+"'", "network-traffic:src_ref.value = '"+pick(rnd, pastAddrs...)+"'",
			"network-traffic:dst_ref.value = '"+pick(rnd, pastHosts...)+"'",
			"user-account:account_login = 'ada'", "email-addr:value LIKE 'ada@%'", "url:value LIKE '%gate.php?id=%'", "NOT process:command_line LIKE '%curl%'",
		)
	}
	text := one()
	for range rnd.IntN(3) {
		text = "(" + text + pick(rnd, " AND ", " OR ") + one() + ")"
	}
	return "[" + text + "]"
}

// TestPatternsBackwardsAreForwards holds random STIX patterns against random events,
// both ways: looking back, by values and in text, finds what looking at each event
// would, and no more.
func TestPatternsBackwardsAreForwards(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 13))
	found, taken := 0, 0
	for range 8 {
		p := newPast(t, rnd, 200+rnd.IntN(100))
		p.note(t, len(p.events))
		for range 25 {
			var lines bytes.Buffer
			var b pattern.Builder
			texts := map[uint64]string{}
			for i := range 1 + rnd.IntN(3) {
				text := pastPattern(rnd)
				if b.Add(uint64(i), text) != nil {
					continue
				}
				taken++
				texts[uint64(i)] = text
				if err := json.NewEncoder(&lines).Encode(pipeline.Hit{Type: indicator.Pattern, Value: text}); err != nil {
					t.Fatal(err)
				}
			}
			set := b.Build()
			want, got := map[string]int{}, map[string]int{}
			for i := range p.events {
				for _, s := range set.Look(&p.events[i], nil) {
					want[fmt.Sprintf("%d %s", i+1, texts[s.ID])] = 1
				}
			}
			r := &pipeline.Retro{History: p.history, Decoder: p.decoder, Matched: func() telemetry.Seq { return telemetry.Seq(len(p.events)) }}
			a, err := r.Against(ref.WithActor(t.Context(), ref.SystemActor), &lines, 1e6)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range a.Matches {
				got[m.Event.ID+" "+m.Indicator.Value] = 1
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("with %v: -forwards +backwards\n%s", texts, diff)
			}
			found += len(got)
		}
	}
	if found < 3000 || taken < 200 {
		t.Errorf("only %d matches of %d patterns: the test lost its subject", found, taken)
	}
}
