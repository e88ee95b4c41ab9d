package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// oasis holds the schemas that OASIS publishes for STIX 2.1, by type of object.
type oasis map[string]*jsonschema.Schema

func oasisSchemas(t *testing.T) oasis {
	t.Helper()
	dir := realdata.Path(t, "stix-oasis", "schemas")
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	ids := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		doc, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		id, _ := doc.(map[string]any)["$id"].(string)
		if _, err := url.Parse(id); err != nil || id == "" {
			return fmt.Errorf("%s: no $id", name)
		}
		ids[strings.TrimSuffix(filepath.Base(name), ".json")] = id
		return c.AddResource(id, doc)
	})
	if err != nil {
		t.Fatal(err)
	}
	out := oasis{}
	for kind, id := range ids {
		if out[kind], err = c.Compile(id); err != nil {
			t.Fatalf("schema of %s: %v", kind, err)
		}
	}
	return out
}

// object holds one exported object against the schema of its type. What came as
// STIX 2.0 leaves as that: without spec_version, as 2.1 wants it (section 3.2).
func (o oasis) object(raw json.RawMessage) (kind string, err error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		return "", err
	}
	members := doc.(map[string]any)
	kind, _ = members["type"].(string)
	if members["spec_version"] == nil {
		return "STIX 2.0", nil
	}
	s := o[kind]
	if s == nil {
		s = o["core"] // an extension's own type: what all objects have
	}
	return kind, s.Validate(doc)
}

// TestExportFitsSchemas exports what was made from indicators of every type, from
// STIX 2.0 reports and from ATT&CK, and holds each object of STIX 2.1 against the
// schemas of OASIS.
func TestExportFitsSchemas(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	schemas := oasisSchemas(t)
	c := dial(t, settings(apptest.Data(t)))
	importText(t, c, "claims.csv", claims)
	for _, dir := range [][]string{{"stix-unit42-reports"}, {"stix-unit42-playbooks"}, {"feeds-volexity"}, {"misp-event"}, {"attack", "enterprise-attack-18.1.json.gz"}} {
		err := fetch.Walk(realdata.Path(t, dir...), fetch.Limits{}, func(name string, r io.Reader) error {
			// What is no intelligence, such as a note beside it, is refused.
			_ = c.Call(t.Context(), "POST", "/indicators/import?source=schemas&name="+url.QueryEscape(path.Base(name)), r, nil)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	file, report := export(t, c, "state=all&tlp=red&to=stix&objects=with")
	var bundle struct{ Objects []json.RawMessage }
	if err := json.Unmarshal([]byte(file), &bundle); err != nil {
		t.Fatal(err)
	}
	kinds, bad := map[string]int{}, map[string]int{}
	for _, raw := range bundle.Objects {
		kind, err := schemas.object(raw)
		kinds[kind]++
		if err != nil {
			if bad[kind]++; bad[kind] <= 3 {
				t.Errorf("%.300s\n%v", raw, err)
			}
		}
	}
	t.Logf("%d objects of %+v: %v; invalid %v", len(bundle.Objects), report, kinds, bad)
	if kinds["indicator"] < 5000 || kinds["attack-pattern"] < 600 || kinds["relationship"] < 15_000 {
		t.Errorf("too little was exported: %v", kinds)
	}
}
