package ctid_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/ctid"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const mappings = `{"metadata":{"mapping_version":"","technology_domain":"enterprise","attack_version":"16.1","mapping_framework":"kev","mapping_framework_version":"1"},"mapping_objects":[
{"capability_id":"CVE-2024-34102","capability_description":"Acme Shop XXE","mapping_type":"exploitation_technique","attack_object_id":"T1190","comments":"by a document","references":["https://a.example"],"status":"complete"},
{"capability_id":"CVE-2024-34102","capability_description":"Acme Shop XXE","mapping_type":"primary_impact","attack_object_id":"T1059","status":"complete"},
{"capability_id":"CVE-2024-34102","capability_description":"Acme Shop XXE","mapping_type":"primary_impact","attack_object_id":"T1059","status":"complete"},
{"capability_id":"CM-03","capability_description":"Configuration Change Control","mapping_type":"mitigates","attack_object_id":"T1190","status":"complete"},
{"capability_id":"guard","capability_description":"Guard","mapping_type":"technique_scores","attack_object_id":"T1190","score_category":"detect","score_value":"partial","status":"complete"},
{"capability_id":null,"mapping_type":null,"attack_object_id":"T1190","status":"non_mappable"},
{"capability_id":"action.hacking","mapping_type":"related_to","attack_object_id":"T1190","status":"complete"},
{"capability_id":"AC-1","mapping_type":"mitigates","attack_object_id":"T0000","status":"complete"},
{"capability_id":"AC-1","mapping_type":"mitigates","attack_object_id":"none","status":"complete"}]}`

var parser = ctid.Parser{Catalogue: content.Attack}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: parser, Name: "kev.json", Good: mappings, Objects: 7, Drops: map[string]int{"twice": 1, "non-mappable": 1, "no-defence": 1, "unknown-technique": 1, "no-technique": 1},
		Wrong: `{"metadata":{},"mapping_objects":[]}`,
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, parser, collect.Options{}, mappings) }

// TestRelations: each mapping says what stands to which technique, and how.
func TestRelations(t *testing.T) {
	var s sourcetest.Sink
	if err := parser.Parse(t.Context(), collect.Input{Name: "kev.json", Reader: strings.NewReader(mappings)}, &s); err != nil {
		t.Fatal(err)
	}
	cat, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	name := map[string]string{}
	for e := range cat.Entities() {
		name[e.STIX] = string(e.AttackID)
	}
	var got []string
	for _, o := range s.Objects {
		if o.Type != "relationship" {
			name[o.ID] = o.Name
			continue
		}
		got = append(got, name[o.SourceRef]+" "+o.RelationshipType+" "+name[o.TargetRef]+": "+o.Description)
	}
	if diff := cmp.Diff([]string{
		"CVE-2024-34102 exploited-with T1190: by a document", "CVE-2024-34102 leads-to T1059: ",
		"KEV CM-03 Configuration Change Control mitigates T1190: ", "KEV guard detects T1190: detect: partial.",
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestPublishedMappings reads all that is published; every mapping is accounted for.
func TestPublishedMappings(t *testing.T) {
	objects, drops := map[string]int{}, map[string]int{}
	err := fetch.Walk(realdata.Path(t, "ctid-mappings"), fetch.Limits{}, func(name string, in io.Reader) error {
		if !strings.Contains(name, "attack-") {
			return nil
		}
		var s sourcetest.Sink
		if err := parser.Parse(t.Context(), collect.Input{Name: name, Reader: in}, &s); err != nil {
			return err
		}
		for _, o := range s.Objects {
			objects[o.Type+" "+o.RelationshipType]++
		}
		for reason, n := range s.Drops {
			drops[reason] += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(objects, drops)
	if objects["relationship mitigates"] < 7000 || objects["relationship exploited-with"] < 400 || objects["vulnerability "] < 300 || drops["no-technique"] > 0 {
		t.Errorf("objects %v, left out %v", objects, drops)
	}
}
