package intel_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
)

// pages is a store that only knows how to be paged through.
type pages struct {
	intel.Store
	rows []intel.Row
}

func (p pages) Pages(_ context.Context, _ intel.Query, fn func([]intel.Row) error) error {
	return fn(p.rows)
}

func TestPolicyZone(t *testing.T) {
	var rows []intel.Row
	for _, v := range []string{"evil.example", "203.0.113.7", "198.51.100.0/24", "2001:db8::1", "2001:db8:5::/48", "::1:2", "http://a.example/x", "bad_host.example", "refused.example"} {
		typ, value, err := indicator.Detect(v)
		if err != nil {
			t.Fatal(v, err)
		}
		rows = append(rows, intel.Row{Indicator: indicator.Indicator{Type: typ, Value: value}})
	}
	var b bytes.Buffer
	ctx := ref.WithActor(t.Context(), ref.SystemActor)
	rail := func(_ context.Context, _ indicator.Type, value string, block bool) string {
		if value == "refused.example" && block {
			return "own-asset"
		}
		return ""
	}
	report, err := intel.New(pages{rows: rows}, nil, nil).Export(ctx, intel.Export{To: "rpz"}, rail, &b)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if !strings.HasPrefix(lines[1], "@ SOA localhost. root.localhost. ") {
		t.Errorf("begins with %q", lines[:3])
	}
	want := []string{
		"evil.example CNAME .", "*.evil.example CNAME .", "32.7.113.0.203.rpz-ip CNAME .", "24.0.100.51.198.rpz-ip CNAME .",
		"128.1.zz.db8.2001.rpz-ip CNAME .", "48.zz.5.db8.2001.rpz-ip CNAME .", "128.2.1.zz.rpz-ip CNAME .",
		"bad_host.example CNAME .", "*.bad_host.example CNAME .",
	}
	if diff := cmp.Diff(want, lines[3:]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if report.Stored != 7 || report.Dropped["type"] != 1 || report.Dropped["own-asset"] != 1 {
		t.Errorf("report %+v", report)
	}
}
