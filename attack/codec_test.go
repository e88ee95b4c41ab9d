package attack_test

import (
	"bytes"
	"compress/gzip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/attack"
)

const (
	heron = "intrusion-set--00000000-0000-4000-8000-000000000001"
	otter = "malware--00000000-0000-4000-8000-000000000002"
	lever = "tool--00000000-0000-4000-8000-000000000003"
	shell = "attack-pattern--00000000-0000-4000-8000-000000000004"
	older = "attack-pattern--00000000-0000-4000-8000-000000000005"
	patch = "course-of-action--00000000-0000-4000-8000-000000000006"
	tide  = "campaign--00000000-0000-4000-8000-000000000007"
)

var (
	both     = []attack.Domain{attack.Enterprise, attack.ICS}
	one      = []attack.Domain{attack.Enterprise}
	entities = []attack.Entity{
		{STIX: tide, Type: "campaign", AttackID: "C0900", Name: "Tide", Domains: one},
		{STIX: heron, Type: "intrusion-set", AttackID: "G0900", Name: "Heron", Aliases: []string{"Grey Heron"}, Domains: both, Sectors: []string{"energy"}, Places: []string{"DE", "europe"}},
		{STIX: patch, Type: "course-of-action", AttackID: "M0900", Name: "Patch", Domains: one},
		{STIX: otter, Type: "malware", AttackID: "S0900", Name: "Otter", Domains: one},
		{STIX: lever, Type: "tool", AttackID: "S0901", Name: "Lever", Domains: one, Deprecated: true},
		{STIX: older, Type: "attack-pattern", AttackID: "T0900", Name: "Old Shell", Domains: one, Tactics: []string{"execution"}, Revoked: true, ReplacedBy: "T0901.001"},
		{STIX: shell, Type: "attack-pattern", AttackID: "T0901.001", Name: "Shell", Domains: one, Tactics: []string{"execution", "persistence"}},
	}
	relations = []attack.Relation{
		{From: tide, Type: attack.Uses, To: otter},
		{From: tide, Type: attack.AttributedTo, To: heron},
		{From: heron, Type: attack.Uses, To: otter},
		{From: heron, Type: attack.Uses, To: lever},
		{From: heron, Type: attack.Uses, To: shell},
		{From: patch, Type: attack.Mitigates, To: shell},
		{From: otter, Type: attack.Uses, To: shell},
	}
)

func encode(t testing.TB, entities []attack.Entity, relations []attack.Relation) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := attack.Encode(&b, "0.9", entities, relations); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	shuffled := slices.Clone(entities)
	slices.Reverse(shuffled)
	c, err := attack.Decode(bytes.NewReader(encode(t, shuffled, relations)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entities, slices.Collect(c.Entities())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(relations, slices.Collect(c.Relations())); diff != "" {
		t.Error(diff)
	}
	if c.Version() != "0.9" {
		t.Errorf("version %q", c.Version())
	}
}

func TestQuestions(t *testing.T) {
	c, err := attack.Decode(bytes.NewReader(encode(t, entities, relations)))
	if err != nil {
		t.Fatal(err)
	}
	ids := func(list []attack.Entity) (out []attack.ID) {
		for _, e := range list {
			out = append(out, e.AttackID)
		}
		return out
	}
	for name, tt := range map[string]struct{ got, want []attack.ID }{
		"group uses":     {ids(c.Uses("G0900")), []attack.ID{"S0900", "S0901", "T0901.001"}},
		"used by":        {ids(c.UsedBy("T0901.001")), []attack.ID{"G0900", "S0900"}},
		"mitigations":    {ids(c.Mitigations("T0901.001")), []attack.ID{"M0900"}},
		"attribution":    {ids(c.Attribution("C0900")), []attack.ID{"G0900"}},
		"of a tactic":    {ids(c.Techniques(attack.Enterprise, "execution")), []attack.ID{"T0901.001"}},
		"of no tactic":   {ids(c.Techniques(attack.Mobile, "execution")), nil},
		"nobody uses it": {ids(c.UsedBy("C0900")), nil},
		"unknown":        {ids(c.Uses("G0999")), nil},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if e, ok := c.Entity("T0900"); !ok || !e.Revoked || e.ReplacedBy != "T0901.001" {
		t.Errorf("Entity: %+v %v", e, ok)
	}
	if e, ok := c.Current("T0900"); !ok || e.AttackID != "T0901.001" {
		t.Errorf("Current: %+v %v", e, ok)
	}
	if _, ok := c.Current("T0999"); ok {
		t.Error("Current found what is not there")
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		entities  []attack.Entity
		relations []attack.Relation
	}{
		"twice":    {[]attack.Entity{entities[0], entities[0]}, nil},
		"no name":  {[]attack.Entity{{STIX: tide, AttackID: "C0900"}}, nil},
		"no STIX":  {[]attack.Entity{{STIX: "campaign--x", AttackID: "C0900", Name: "x"}}, nil},
		"dangling": {entities[:1], relations[:1]},
		"type":     {entities, []attack.Relation{{From: tide, Type: "likes", To: heron}}},
	} {
		if err := attack.Encode(&bytes.Buffer{}, "1", tt.entities, tt.relations); err == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

func pack(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

func TestDecodeRefuses(t *testing.T) {
	for name, in := range map[string][]byte{
		"not gzip": []byte("{}"),
		"cut":      encode(t, entities, relations)[:200],
		"not JSON": pack("catalogue"),
		"id":       pack(`{"entities":[{"i":"X1","u":"AAAAAAAAAAAAAAAAAAAAAA","n":"x"}]}`),
		"uuid":     pack(`{"entities":[{"i":"C0001","u":"AAAA","n":"x"}]}`),
		"nowhere":  pack(`{"entities":[{"i":"C0001","u":"AAAAAAAAAAAAAAAAAAAAAA","n":"x","e":[[1],null,null]}]}`),
		"negative": pack(`{"entities":[{"i":"C0001","u":"AAAAAAAAAAAAAAAAAAAAAA","n":"x","e":[[-1],null,null]}]}`),
	} {
		if _, err := attack.Decode(bytes.NewReader(in)); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"entities":[{"i":"C0001","u":"AAAAAAAAAAAAAAAAAAAAAA","n":"x","e":[[0],null,null],"b":"C0001"}]}`))
	f.Add([]byte(`{"version":"1"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := attack.Decode(bytes.NewReader(pack(string(doc))))
		if err != nil {
			return
		}
		for e := range c.Entities() {
			c.Uses(e.AttackID)
			c.Current(e.AttackID)
		}
	})
}
