package stix_test

import (
	"bytes"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

func TestPatternOfParses(t *testing.T) {
	for _, tt := range []struct {
		t           indicator.Type
		value, want string
	}{
		{indicator.IPv4, "45.1.2.3", `[ipv4-addr:value = '45.1.2.3']`},
		{indicator.IPv6, "2a02::/48", `[ipv6-addr:value ISSUBSET '2a02::/48']`},
		{indicator.SHA256, "ab", `[file:hashes.'SHA-256' = 'ab']`},
		{indicator.ASN, "AS64500", `[autonomous-system:number = 64500]`},
		{indicator.Mutex, `Global\it's`, `[mutex:name = 'Global\\it\'s']`},
		{indicator.IPv6Port, "[2a02::1]:443", `[network-traffic:dst_ref.value = '2a02::1' AND network-traffic:dst_port = 443]`},
		{indicator.UserAgent, "x", `[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x']`},
	} {
		got := stix.PatternOf(tt.t, tt.value)
		if got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.t, tt.value, got, tt.want)
		}
		if _, err := stix.ParsePattern(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
	for _, kind := range indicator.Types {
		if kind != indicator.Pattern && stix.PatternOf(kind, "a:1") == "" {
			t.Errorf("%s has no pattern", kind)
		}
	}
}

// madeIDs are ids that follow from a name (version 5), not those the standard
// reserves.
var madeIDs = regexp.MustCompile(`(indicator|relationship|intrusion-set)--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

func TestBundleWriter(t *testing.T) {
	day := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	one := indicator.Indicator{
		ID: indicator.ID(indicator.Domain, "evil.com"), Type: indicator.Domain, Value: "evil.com", Names: []string{"APT29"}, Tags: []string{"c2"},
		Confidence: 80, TLP: indicator.TLPAmberStrict, KillChain: "delivery", FirstSeen: day, LastSeen: day.Add(time.Hour), ValidUntil: day.Add(24 * time.Hour),
	}
	write := func() string {
		var b bytes.Buffer
		w := stix.NewBundleWriter(&b, "bundle--0", func(string) string { return "intrusion-set" })
		_, err := w.Add(one)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := `{"type":"bundle","id":"bundle--0","objects":[
{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003","created":"2022-10-01T00:00:00.000Z","name":"TLP:AMBER+STRICT","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber+strict"}}},
{"type":"intrusion-set","spec_version":"2.1","id":"intrusion-set--ID","created":"1970-01-01T00:00:00.000Z","modified":"1970-01-01T00:00:00.000Z","name":"APT29","object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"]},
{"type":"relationship","spec_version":"2.1","id":"relationship--ID","created":"2026-03-01T12:00:00.123Z","modified":"2026-03-01T12:00:00.123Z","relationship_type":"indicates","source_ref":"indicator--ID","target_ref":"intrusion-set--ID","object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"]},
{"type":"indicator","spec_version":"2.1","id":"indicator--ID","created":"2026-03-01T12:00:00.123Z","modified":"2026-03-01T13:00:00.123Z","name":"evil.com","pattern":"[domain-name:value = 'evil.com']","pattern_type":"stix","valid_from":"2026-03-01T12:00:00.123Z","valid_until":"2026-03-02T12:00:00.123Z","kill_chain_phases":[{"kill_chain_name":"lockheed-martin-cyber-kill-chain","phase_name":"delivery"}],"labels":["c2"],"confidence":80,"object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"]}
]}
`
	got := write()
	if again := write(); got != again {
		t.Error("two runs differ")
	}
	if diff := cmp.Diff(want, madeIDs.ReplaceAllString(got, "$1--ID")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var b bytes.Buffer
	empty := stix.NewBundleWriter(&b, "bundle--0", func(string) string { return "" })
	if err := empty.Close(); err != nil || b.String() != `{"type":"bundle","id":"bundle--0","objects":[`+"\n]}\n" {
		t.Errorf("an empty bundle: %q, %v", b.String(), err)
	}
}
