package app_test

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/config"
)

// settings is a configuration with its data in dir and every port chosen by the
// system.
func settings(dir string) config.Config {
	c := config.Default()
	c.Data, c.Listen, c.Intake.Listen, c.Devices.Listen, c.Private.Listen = dir, "127.0.0.1:0", "127.0.0.1:0", "", ""
	return c
}

func dial(t *testing.T, c config.Config) *app.Client {
	t.Helper()
	client, err := app.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func importText(t *testing.T, c *app.Client, name, text string) {
	t.Helper()
	var answer struct{ Report indicator.LossReport }
	if err := c.Call(t.Context(), "POST", "/indicators/import?source=test&name="+name, strings.NewReader(text), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Report.Lost() > 0 || !answer.Report.Balanced() {
		t.Fatalf("import of %s: %+v", name, answer.Report)
	}
}

func export(t *testing.T, c *app.Client, query string) (string, indicator.LossReport) {
	t.Helper()
	var b bytes.Buffer
	var report indicator.LossReport
	if err := c.Stream(t.Context(), "/indicators/export?"+query, &b, &report); err != nil {
		t.Fatal(err)
	}
	if !report.Balanced() {
		t.Errorf("%s: in is not stored + merged + dropped: %+v", query, report)
	}
	return b.String(), report
}

// fact is what a round trip must keep.
type fact struct {
	Names      []string
	Confidence int
	Until      time.Time
	TLP        string
}

func facts(t *testing.T, c *app.Client) map[string]fact {
	t.Helper()
	var p struct {
		Items []struct {
			Type, Value string
			Names       []string
			Confidence  int
			TLP         string
			Until       time.Time `json:"valid_until"`
		}
	}
	if err := c.Call(t.Context(), "GET", "/indicators?state=all&limit=1000", nil, &p); err != nil {
		t.Fatal(err)
	}
	out := map[string]fact{}
	for _, i := range p.Items {
		slices.Sort(i.Names)
		out[i.Type+" "+i.Value] = fact{i.Names, i.Confidence, i.Until.Truncate(time.Second), i.TLP}
	}
	return out
}

// claims holds every type, and values that hurt careless writers.
const claims = `type,value,names,confidence,tlp,valid_until
ipv4-addr,45.10.20.30,Qakbot,80,green,2037-03-01T10:00:00Z
ipv4-addr,45.10.21.0/25,,61,,2037-03-01T10:00:01Z
ipv6-addr,2a02:4780::1,,62,clear,2037-03-01T10:00:02Z
domain-name,evil-domain.com,APT29|Cobalt Strike,63,amber,2037-03-01T10:00:03Z
url,http://evil-domain.com/a?b='c'&d=%22,,64,amber+strict,2037-03-01T10:00:04Z
email-addr,boss@evil-domain.com,,65,red,2037-03-01T10:00:05Z
file:md5,0123456789abcdef0123456789abcdef,,66,,2037-03-01T10:00:06Z
file:sha1,0123456789abcdef0123456789abcdef01234567,,67,,2037-03-01T10:00:07Z
file:sha256,0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,,68,,2037-03-01T10:00:08Z
file:name,"=cmd|' /C calc'!A0.exe",,69,,2037-03-01T10:00:09Z
x509-certificate:sha1,1123456789abcdef0123456789abcdef01234567,,70,,2037-03-01T10:00:10Z
ja3,2123456789abcdef0123456789abcdef,,71,,2037-03-01T10:00:11Z
autonomous-system,AS64500,,72,,2037-03-01T10:00:12Z
mutex,"Global\It's ""here"", #1",,73,,2037-03-01T10:00:13Z
windows-registry-key,HKEY_LOCAL_MACHINE\Software\Evil,,74,,2037-03-01T10:00:14Z
user-agent,"Evil/1.0 (it's; ""x"")",,75,,2037-03-01T10:00:15Z
vulnerability,CVE-2024-3400,,76,,2037-03-01T10:00:16Z
ipv4-addr:port,45.10.20.30:4444,,77,,2037-03-01T10:00:17Z
ipv6-addr:port,[2a02:4780::1]:443,,78,,2037-03-01T10:00:18Z
domain-name:port,evil-domain.com:8443,,79,,2037-03-01T10:00:19Z
user-account,evil_admin,,60,,2037-03-01T10:00:20Z
`

func TestExportComesBack(t *testing.T) {
	from := dial(t, settings(apptest.Data(t)))
	importText(t, from, "claims.csv", claims)
	want := facts(t, from)
	if len(want) != strings.Count(claims, "\n")-1 {
		t.Fatalf("%d indicators were imported", len(want))
	}
	for _, format := range []string{"stix", "csv", "misp"} {
		t.Run(format, func(t *testing.T) {
			file, report := export(t, from, "state=all&tlp=red&to="+format)
			to := dial(t, settings(apptest.Data(t)))
			importText(t, to, "export."+map[string]string{"stix": "json", "misp": "json", "csv": "csv"}[format], file)
			want, got := want, facts(t, to)
			if format == "misp" { // no user accounts, no expiry, confidence in five words
				want, got = coarse(want), coarse(got)
				delete(want, "user-account evil_admin")
			}
			if report.Stored != len(want) {
				t.Errorf("report %+v, want %d stored", report, len(want))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func coarse(in map[string]fact) map[string]fact {
	out := map[string]fact{}
	for k, f := range in {
		f.Until, f.Confidence = time.Time{}, (f.Confidence+12)/25*25
		out[k] = f
	}
	return out
}

func TestExportForDevices(t *testing.T) {
	c := dial(t, settings(apptest.Data(t)))
	var profile any
	err := c.Call(t.Context(), "PUT", "/profile", strings.NewReader("name: Ours\nnetworks: [{name: office, ranges: [45.90.0.0/16]}]\nnever_block: [partner-site.com]\n"), &profile)
	if err != nil {
		t.Fatal(err)
	}
	importText(t, c, "claims.csv", claims+`ipv4-addr,10.1.2.3,,60,,
ipv4-addr,8.8.8.8,,60,,
ipv4-addr,45.91.0.0/20,,60,,
domain-name,www.partner-site.com,,60,,
domain-name,co.uk,,60,,
url,https://other-evil.com/x,,60,,
url,http://other-evil.com/x,,60,,
`)
	for _, tt := range []struct {
		query   string
		lines   []string // sorted
		dropped map[string]int
		merged  int
	}{
		{
			"to=edl",
			[]string{"2a02:4780::1", "45.10.20.30", "45.10.21.0/25", "other-evil.com/x"},
			map[string]int{"private-space": 1, "warning-list": 1, "too-wide": 1, "never-block": 1, "public-suffix": 1, "tlp": 3, "type": 15},
			1,
		},
		{"to=edl&type=domain-name&tlp=amber", []string{"evil-domain.com"}, map[string]int{"never-block": 1, "public-suffix": 1}, 0},
		{"to=edl&type=mutex", []string{"# empty list: nothing meets the query"}, map[string]int{"type": 1}, 0},
		{"to=suricata&tlp=amber", []string{"ZXZpbC1kb21haW4uY29t"}, map[string]int{"never-block": 1, "public-suffix": 1}, 0},
		{"to=suricata&type=ipv4-addr", []string{"45.10.20.30"}, map[string]int{"private-space": 1, "warning-list": 1, "range": 2}, 0},
		{"to=suricata&type=file:md5", []string{"0123456789abcdef0123456789abcdef"}, nil, 0},
		{
			"to=zeek&type=ipv4-addr", []string{
				"#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc",
				"45.10.20.30\tIntel::ADDR\tvedette\tQakbot; confidence 80",
				"45.10.21.0/25\tIntel::SUBNET\tvedette\tconfidence 61",
				"45.91.0.0/20\tIntel::SUBNET\tvedette\tconfidence 60",
			}, map[string]int{"private-space": 1, "warning-list": 1}, 0,
		},
		{
			"to=zeek&type=url&tlp=amber%2Bstrict", []string{
				"#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc",
				"evil-domain.com/a?b='c'&d=%22\tIntel::URL\tvedette\tconfidence 64",
				"other-evil.com/x\tIntel::URL\tvedette\tconfidence 60",
			}, nil, 1,
		},
	} {
		t.Run(tt.query, func(t *testing.T) {
			file, report := export(t, c, tt.query)
			lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
			slices.Sort(lines)
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff(tt.dropped, report.Dropped, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("dropped: -want +got\n%s", diff)
			}
			if report.Merged != tt.merged {
				t.Errorf("merged %d, want %d", report.Merged, tt.merged)
			}
		})
	}
}

// TestExportSelects asks for parts: TLP first, then every filter.
func TestExportSelects(t *testing.T) {
	c := dial(t, settings(apptest.Data(t)))
	importText(t, c, "claims.csv", claims)
	for query, want := range map[string]int{
		"": 18, "tlp=clear": 1, "tlp=green": 18, "tlp=amber": 19, "tlp=TLP:AMBER%2BSTRICT": 20, "tlp=red": 21,
		"type=ipv4-addr": 2, "min_confidence=78": 3, "name=qakbot": 1, "source=test": 18, "source=other": 0,
		"state=expired": 0, "q=45.10.20": 2, "q=" + url.QueryEscape("hxxp://EVIL-domain[.]com") + "&tlp=red": 1,
	} {
		if _, report := export(t, c, "to=csv&"+query); report.Stored != want {
			t.Errorf("%q: %d, want %d; %+v", query, report.Stored, want, report)
		}
	}
	for _, query := range []string{"", "to=xml", "to=csv&tlp=pink", "to=csv&type=nonsense", "to=csv&state=nonsense", "to=csv&nonsense=1"} {
		var b bytes.Buffer
		if err := c.Stream(context.Background(), "/indicators/export?"+query, &b, nil); err == nil || b.Len() > 0 {
			t.Errorf("%q: error %v, %d bytes", query, err, b.Len())
		}
	}
}
