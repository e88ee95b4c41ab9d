package stix_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

func TestWriteReport(t *testing.T) {
	r := stix.Report{
		Key: "abc", Name: "A report", Published: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		Entities: []stix.ReportEntity{
			{Type: "malware", Name: "PlugX", ExternalID: "S0013"},
			{Type: "location", Name: "Ukraine", ExternalID: "UA"},
			{Type: "identity", Name: "Bank"},
			{Type: "vulnerability", Name: "CVE-2024-1234", ExternalID: "CVE-2024-1234"},
			{Type: "malware", Name: "PlugX"},
		},
		Indicators: []stix.ReportIndicator{{Type: indicator.Domain, Value: "evil.test", Confidence: 80}, {Type: indicator.Pattern}},
	}
	var a, b bytes.Buffer
	left, err := stix.WriteReport(&a, r)
	if err != nil || left != 1 {
		t.Fatalf("left out %d, want 1; %v", left, err)
	}
	if _, err := stix.WriteReport(&b, r); err != nil || a.String() != b.String() {
		t.Error("the same report is written differently", err)
	}
	var bundle struct {
		ID      string
		Objects []map[string]any
	}
	if err := json.Unmarshal(a.Bytes(), &bundle); err != nil {
		t.Fatal(err)
	}
	if len(bundle.Objects) != 6 { // four entities, since PlugX is there once, an indicator, the report
		t.Fatalf("%d objects", len(bundle.Objects))
	}
	report := bundle.Objects[5]
	var refs []string
	for _, o := range bundle.Objects[:5] {
		refs = append(refs, o["id"].(string))
	}
	for _, ref := range report["object_refs"].([]any) {
		if !slices.Contains(refs, ref.(string)) {
			t.Errorf("%v is not in the bundle", ref)
		}
	}
	if bundle.Objects[1]["country"] != "UA" || bundle.Objects[0]["is_family"] != true || bundle.Objects[4]["pattern"] != "[domain-name:value = 'evil.test']" {
		t.Errorf("%v", bundle.Objects)
	}
	var empty bytes.Buffer
	if _, err := stix.WriteReport(&empty, stix.Report{Key: "x"}); err != nil || bytes.Contains(empty.Bytes(), []byte("objects")) {
		t.Errorf("a report about nothing: %s %v", empty.String(), err)
	}
}
