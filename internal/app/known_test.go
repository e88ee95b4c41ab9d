package app_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/realdata"
)

// TestReadIntelCounts reads a public corpus as `vedette match -intel` does. Every
// entry is accounted for, and the types are those counted beside the corpus.
func TestReadIntelCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	raw, err := os.ReadFile(realdata.Path(t, "feeds-maltrail", "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var counted struct{ Total map[string]int }
	if err := json.Unmarshal(raw, &counted); err != nil {
		t.Fatal(err)
	}
	known, r, err := app.ReadIntel(t.Context(), []string{realdata.Path(t, "feeds-maltrail", "static.tar.gz")}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.In != 981_408 || !r.Balanced() || known.Len() != r.Stored || r.Merged == 0 {
		t.Errorf("%d indicators of %+v", known.Len(), r)
	}
	n, d := counted.Total, r.Dropped
	// What is counted as url/path or other becomes an address with port, a URL or
	// a pattern; beyond that the two agree type by type.
	want := map[string]int{
		"domain-name": n["domain"], "ipv4-addr": n["ip"] + n["cidr"], "ipv6-addr": n["ipv6"],
		"the rest": n["ip:port"] + n["url/path"] + n["other"],
	}
	got := map[string]int{
		"domain-name": r.Types[indicator.Domain] + d["bad-domain"], "ipv4-addr": r.Types[indicator.IPv4], "ipv6-addr": r.Types[indicator.IPv6],
		"the rest": r.Types[indicator.IPv4Port] + r.Types[indicator.IPv6Port] + r.Types[indicator.URL] + r.Types[indicator.Pattern] +
			d["bad-port"] + d["bad-url"] + d["not-a-trail"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if ports := n["ip:port"] - r.Types[indicator.IPv4Port]; ports < 0 || ports > d["bad-port"] {
		t.Errorf("%d addresses with port became something else, %d were dropped", ports, d["bad-port"])
	}
	t.Logf("%d read, %d stored, %d merged, dropped %v, types %v", r.In, r.Stored, r.Merged, r.Dropped, r.Types)
}
