package maltrail_test

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/maltrail"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const trails = `# Copyright (c) 2014-2026 Maltrail developers (https://github.com/stamparm/maltrail/)

# Aliases: cozy bear, the dukes

# Reference: https://report.example/a (# note)
# Reference: https://other.example/b

evil.example
http://203.0.113.5
203.0.113.6:8080 # c2
[2001:db8::1]:443
198.51.100.0/24

# Reference: https://report.example/c

evil.example/gate.php
/gate.php?id=
.badzone
[a-z]{1,3}\-bank\.(com|info)
203.0.113.9:22:443
`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: maltrail.Parser{}, Name: "trails/static/malware/apt_29.txt", Good: trails,
		Claims: 9, Drops: map[string]int{"not-a-trail": 1}, Lines: true,
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, maltrail.Parser{}, collect.Options{}, trails) }

func TestClaims(t *testing.T) {
	var s sourcetest.Sink
	in := collect.Input{Name: "static/malware/apt_29.txt.gz", Reader: strings.NewReader(trails)}
	if err := (maltrail.Parser{}).Parse(t.Context(), in, &s); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Claims {
		got = append(got, string(c.Type)+" "+c.Raw+" "+c.Reference)
	}
	want := []string{
		"domain-name evil.example https://report.example/a",
		"ipv4-addr 203.0.113.5 https://report.example/a",
		"ipv4-addr:port 203.0.113.6:8080 https://report.example/a",
		"ipv6-addr:port [2001:db8::1]:443 https://report.example/a",
		"ipv4-addr 198.51.100.0/24 https://report.example/a",
		"url evil.example/gate.php https://report.example/c",
		"stix-pattern [url:value LIKE '%/gate.php?id=%'] https://report.example/c",
		"stix-pattern [domain-name:value LIKE '%.badzone'] https://report.example/c",
		`stix-pattern [domain-name:value MATCHES '[a-z]{1,3}\\-bank\\.(com|info)'] https://report.example/c`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"29", "cozy bear", "the dukes"}, s.Claims[0].Names); diff != "" {
		t.Error(diff)
	}
	if s.Claims[2].Comment != "c2" {
		t.Errorf("comment %q", s.Claims[2].Comment)
	}
}

// category is the inverse of what the parser makes of a trail.
func category(c indicator.Claim) maltrail.Trail {
	switch {
	case c.Type == indicator.IPv4 && strings.Contains(c.Raw, "/"):
		return maltrail.CIDR
	case c.Type == indicator.URL, strings.HasPrefix(c.Raw, "[url:"):
		return maltrail.URLPath
	}
	return map[indicator.Type]maltrail.Trail{
		indicator.IPv4: maltrail.IP, indicator.IPv4Port: maltrail.IPPort, indicator.IPv6: maltrail.IPv6,
		indicator.Domain: maltrail.Domain, indicator.IPv6Port: maltrail.Other, indicator.Pattern: maltrail.Other,
	}[c.Type]
}

type counts map[maltrail.Trail]int

// TestCounts reads the whole corpus and compares every file's counts with those
// published beside it.
func TestCounts(t *testing.T) {
	raw, err := os.ReadFile(realdata.Path(t, "feeds-maltrail", "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Total   counts            `json:"total"`
		PerFile map[string]counts `json:"per_file"`
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	perFile, total, sum, patterns, dropped := map[string]counts{}, counts{}, 0, 0, 0
	err = fetch.Walk(realdata.Path(t, "feeds-maltrail", "static.tar.gz"), fetch.Limits{}, func(name string, r io.Reader) error {
		var s sourcetest.Sink
		if err := (maltrail.Parser{}).Parse(t.Context(), collect.Input{Name: name, Reader: r}, &s); err != nil {
			return err
		}
		n := counts{}
		for _, c := range s.Claims {
			n[category(c)]++
			if c.Type == indicator.Pattern {
				patterns++
			}
			if strings.Contains(name, "/malware/") && len(c.Names) == 0 {
				t.Errorf("%s:%d has no name", name, c.Line)
			}
		}
		for reason, k := range s.Drops {
			if reason != "not-a-trail" {
				t.Errorf("%s: %d %s: %q", name, k, reason, s.Samples[reason])
			}
			n[maltrail.Other] += k
			dropped += k
		}
		perFile[path.Base(name)] = n
		for k, v := range n {
			total[k] += v
			sum += v
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Total, total); diff != "" || sum != 981408 {
		t.Errorf("%d trails, want 981,408: %s", sum, diff)
	}
	for name := range maps.Keys(want.PerFile) {
		if diff := cmp.Diff(want.PerFile[name], perFile[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	t.Logf("%d files, %d trails, of which %d as patterns, %d dropped", len(perFile), sum, patterns, dropped)
}
