package misp_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/misp"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
	sourcestix "github.com/vedette-soc/vedette/internal/source/stix"
)

// claimsOf lists the indicators in a text, canonical and sorted.
func claimsOf(t *testing.T, p collect.Parser, text string) (out []string) {
	t.Helper()
	var s sourcetest.Sink
	if err := p.Parse(t.Context(), collect.Input{Name: "x.json", Reader: strings.NewReader(text)}, &s); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	for _, c := range s.Claims {
		read := func() (indicator.Type, string, error) { return indicator.Identify(c.Type, c.Raw) }
		if c.Type == "" {
			read = func() (indicator.Type, string, error) { return indicator.Detect(c.Raw) }
		}
		typ, v, err := read()
		if err != nil {
			t.Errorf("%s: %v", c.Raw, err)
			continue
		}
		out = append(out, fmt.Sprintf("%s %s", typ, v))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestTwins: an attribute of MISP and what MISP itself makes of it in STIX say the
// same. Two differ, and why: the addresses a name resolves to are context in STIX,
// and a CVE is an object of its own there.
func TestTwins(t *testing.T) {
	known := map[string]string{"domain|ip": "domain-name circl.lu", "vulnerability": ""}
	for _, file := range []string{"misp_attributes_to_stix20.json.gz", "misp_attributes_to_stix21.json.gz"} {
		f, err := os.Open(realdata.Path(t, "misp-stix-mapping", file))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]struct{ MISP, STIX json.RawMessage }
		if err := json.NewDecoder(z).Decode(&all); err != nil {
			t.Fatal(err)
		}
		same := 0
		for name, twin := range all {
			var a map[string]any
			if err := json.Unmarshal(twin.MISP, &a); err != nil {
				t.Fatal(err)
			}
			a["to_ids"] = true
			one, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			fromMISP := claimsOf(t, misp.Parser{}, `{"Event":{"uuid":"`+fmt.Sprint(a["uuid"])+`","info":"x","Attribute":[`+string(one)+`]}}`)
			fromSTIX := claimsOf(t, sourcestix.Parser{}, `{"type":"bundle","objects":[`+strings.Trim(strings.TrimSpace(string(twin.STIX)), "[]")+`]}`)
			if len(fromMISP) == 0 { // MISP has kinds of attributes that are no indicators
				continue
			}
			want := strings.Join(fromMISP, ", ")
			if k, ok := known[name]; ok {
				want = k
			}
			if got := strings.Join(fromSTIX, ", "); got != want {
				t.Errorf("%s, %s: as STIX %q, as MISP %q", file, name, got, want)
			}
			same++
		}
		if same < 25 {
			t.Errorf("%s: only %d twins", file, same)
		}
	}
}
