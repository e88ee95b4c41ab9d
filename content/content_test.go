package content_test

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/indicator"
)

// feed is the shape that every reader of the catalogue relies on.
type feed struct {
	ID          string            `yaml:"id"`
	Name        string            `yaml:"name"`
	URL         string            `yaml:"url"`
	Kind        string            `yaml:"kind"`
	Columns     map[string]string `yaml:"columns"`
	Delimiter   string            `yaml:"delimiter"`
	Type        indicator.Type    `yaml:"type"`
	Tags        []string          `yaml:"tags"`
	MinLevel    int               `yaml:"min_level"`
	Interval    string            `yaml:"interval"`
	Snapshot    bool              `yaml:"snapshot"`
	NeedsKey    bool              `yaml:"needs_key"`
	TLP         string            `yaml:"tlp"`
	Confidence  int               `yaml:"confidence"`
	Reliability string            `yaml:"reliability"`
	Category    string            `yaml:"category"`
	GoodFor     string            `yaml:"good_for"`
	Licence     string            `yaml:"licence"`
	Homepage    string            `yaml:"homepage"`
}

func TestFeeds(t *testing.T) {
	dec := yaml.NewDecoder(bytes.NewReader(content.Feeds()))
	dec.KnownFields(true)
	var feeds []feed
	if err := dec.Decode(&feeds); err != nil {
		t.Fatal(err)
	}
	if len(feeds) < 30 {
		t.Errorf("only %d feeds", len(feeds))
	}
	ids, urls := map[string]bool{}, map[string]bool{}
	for _, f := range feeds {
		if ids[f.ID] || urls[f.URL] {
			t.Errorf("%s: id or URL stands there twice", f.ID)
		}
		ids[f.ID], urls[f.URL] = true, true
		f.check(t)
	}
}

var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (f feed) check(t *testing.T) {
	t.Helper()
	for what, ok := range map[string]bool{
		"id":          idForm.MatchString(f.ID),
		"url":         isHTTPS(f.URL),
		"homepage":    isHTTPS(f.Homepage),
		"kind":        slices.Contains([]string{"text", "csv", "ipsum", "maltrail", "stix", "misp", "vulnerability"}, f.Kind),
		"type":        f.Type == "" || slices.Contains(indicator.Types, f.Type),
		"tlp":         indicator.ParseTLP(f.TLP) != indicator.TLPUnknown,
		"confidence":  f.Kind == "vulnerability" || f.Confidence >= 1 && f.Confidence <= 100, // no indicators come of those
		"reliability": len(f.Reliability) == 1 && f.Reliability >= "A" && f.Reliability <= "F",
		"text":        f.Name != "" && f.Category != "" && len(f.GoodFor) > 20 && f.Licence != "",
		"columns":     (f.Kind == "csv") == (f.Columns["value"] != ""),
		"min_level":   f.MinLevel == 0 || f.Kind == "ipsum",
	} {
		if !ok {
			t.Errorf("%s: bad %s: %+v", f.ID, what, f)
		}
	}
	if d, err := time.ParseDuration(f.Interval); err != nil || d < 5*time.Minute {
		t.Errorf("%s: interval %q", f.ID, f.Interval)
	}
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}
