package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

const detectionBundle = `
{"type":"attack-pattern","id":"attack-pattern--00000000-0000-4000-8000-000000000001","name":"Endpoint Denial of Service","external_references":[{"source_name":"mitre-attack","external_id":"T1499"}]}
{"type":"x-mitre-detection-strategy","id":"x-mitre-detection-strategy--00000000-0000-4000-8000-000000000002","name":"Floods","external_references":[{"source_name":"mitre-attack","external_id":"DET0001","url":"https://attack.mitre.org/detectionstrategies/DET0001"}],"x_mitre_analytic_refs":["x-mitre-analytic--00000000-0000-4000-8000-000000000003","x-mitre-analytic--00000000-0000-4000-8000-00000000dead"]}
{"type":"x-mitre-detection-strategy","id":"x-mitre-detection-strategy--00000000-0000-4000-8000-000000000009","name":"Old floods","x_mitre_deprecated":true}
{"type":"x-mitre-analytic","id":"x-mitre-analytic--00000000-0000-4000-8000-000000000003","name":"Analytic 0001","description":"Look.","external_references":[{"source_name":"mitre-attack","external_id":"AN0001"}],"x_mitre_platforms":["Linux"],"x_mitre_log_source_references":[{"x_mitre_data_component_ref":"x-mitre-data-component--00000000-0000-4000-8000-000000000004","name":"NSM:Flow","channel":"many"}]}
{"type":"x-mitre-data-component","id":"x-mitre-data-component--00000000-0000-4000-8000-000000000004","name":"Network Traffic Flow","x_mitre_data_source_ref":""}
{"type":"relationship","id":"relationship--00000000-0000-4000-8000-000000000005","relationship_type":"detects","source_ref":"x-mitre-detection-strategy--00000000-0000-4000-8000-000000000002","target_ref":"attack-pattern--00000000-0000-4000-8000-000000000001"}
{"type":"relationship","id":"relationship--00000000-0000-4000-8000-000000000006","relationship_type":"detects","source_ref":"x-mitre-detection-strategy--00000000-0000-4000-8000-000000000009","target_ref":"attack-pattern--00000000-0000-4000-8000-000000000001"}
`

const capecBundle = `
{"type":"attack-pattern","id":"attack-pattern--00000000-0000-4000-8000-000000000131","name":"Resource Leak Exposure","external_references":[{"source_name":"capec","external_id":"CAPEC-131"},{"source_name":"cwe","external_id":"CWE-404","url":"http://cwe.mitre.org/data/definitions/404.html"},{"source_name":"ATTACK","external_id":"T1499"},{"source_name":"cve","external_id":"cve-2020-0601"},{"source_name":"ATTACK","external_id":"T0000000"},{"source_name":"WASC","external_id":"10"}]}
`

func objectsOf(t *testing.T, lines string) (out []stix.Object) {
	t.Helper()
	err := stix.DecodeBundle(strings.NewReader(lines), stix.Limits{}, func(o stix.Object) error { out = append(out, o); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStrategies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		ctx := system(t)
		if _, err := s.Learn(ctx, "attack", objectsOf(t, detectionBundle)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Strategies(ctx, "attack-pattern--00000000-0000-4000-8000-000000000001")
		if err != nil {
			t.Fatal(err)
		}
		want := []intel.Strategy{{
			ID: "x-mitre-detection-strategy--00000000-0000-4000-8000-000000000002", AttackID: "DET0001", Name: "Floods", URL: "https://attack.mitre.org/detectionstrategies/DET0001",
			Analytics: []intel.Analytic{{
				ID: "x-mitre-analytic--00000000-0000-4000-8000-000000000003", AttackID: "AN0001", Description: "Look.", Platforms: []string{"Linux"},
				Sources: []intel.LogSource{{Name: "NSM:Flow", Channel: "many", Component: "Network Traffic Flow", ComponentID: "x-mitre-data-component--00000000-0000-4000-8000-000000000004"}},
			}},
		}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		logs, err := s.WithActors(st.Actors()).Logs(ctx)
		if d := cmp.Diff(map[string][]string{"T1499": {"NSM:Flow"}}, logs); d != "" || err != nil {
			t.Errorf("logs: %v\n%s", err, d)
		}
		_, around, err := s.Neighbours(ctx, ref.Ref{Kind: ref.Entity, ID: "x-mitre-analytic--00000000-0000-4000-8000-000000000003"}, 10)
		if err != nil || len(around) != 2 { // its strategy and what it reads
			t.Errorf("around the analytic: %+v, %v", around, err)
		}
	})
}

// TestCapecPoints: a pattern of CAPEC is shown at the technique, the weakness and the
// vulnerability that its references name, and they at it.
func TestCapecPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newIntel(st)
		ctx := system(t)
		if _, err := s.Learn(ctx, "attack", objectsOf(t, detectionBundle)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Learn(ctx, "capec", objectsOf(t, capecBundle)); err != nil {
			t.Fatal(err)
		}
		pattern := ref.Ref{Kind: ref.Entity, ID: "attack-pattern--00000000-0000-4000-8000-000000000131"}
		rels, around, err := s.Neighbours(ctx, pattern, 10)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		for _, e := range around {
			names[e.ID] = e.Type + " " + e.Name
		}
		got := map[string]bool{}
		for _, r := range rels {
			got[r.Type+" "+names[r.To.ID]] = true
			back, _, err := s.Neighbours(ctx, r.To, 10)
			found := false
			for _, b := range back {
				found = found || b.From == pattern
			}
			if err != nil || !found {
				t.Errorf("%s does not show the pattern: %v", names[r.To.ID], err)
			}
		}
		want := map[string]bool{"exploits weakness CWE-404": true, "exploits vulnerability CVE-2020-0601": true, "seen-as attack-pattern Endpoint Denial of Service": true}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}
