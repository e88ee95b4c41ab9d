package csv_test

import (
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/fetch"
	"github.com/vedette-soc/vedette/internal/realdata"
	"github.com/vedette-soc/vedette/internal/source/csv"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const threatfox = `################################################################
# abuse.ch ThreatFox                                           #
#
# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_printable","last_seen_utc","confidence_level","reference","tags"
"2026-08-20 10:11:12", "1", "203.0.113.4:443", "ip:port", "botnet_cc", "win.x", "Emotet", "", "75", "https://r.example/1", "a,b"
"2026-08-20 10:11:13", "2", "evil.example", "domain", "botnet_cc", "win.x", "Unknown", "", "100", "None", "None"
"short"
`

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Parser: csv.Parser{}, Name: "threatfox.csv", Good: threatfox, Claims: 2, Lines: true,
		Drops: map[string]int{"too-few-columns": 1}, Wrong: "city,country\nParis,France\nRome,Italy\n",
	})
}

func FuzzParse(f *testing.F) {
	sourcetest.Fuzz(f, csv.Parser{}, collect.Options{}, threatfox, "value,type\n\"a\nb\",url\n", "1.2.3.4;x\n", "ip\tport\n1.2.3.4\t80\n")
}

func FuzzMapped(f *testing.F) {
	sourcetest.Fuzz(f, csv.Parser{}, collect.Options{Columns: map[string]string{"value": "1", "tags": "2|3"}}, threatfox, "a,b,c\n")
}

func parse(t *testing.T, o collect.Options, in string) (sourcetest.Sink, error) {
	t.Helper()
	var s sourcetest.Sink
	err := (csv.Parser{}).Parse(t.Context(), collect.Input{Name: "t.csv", Reader: strings.NewReader(in), Options: o}, &s)
	return s, err
}

func TestCommentedHeader(t *testing.T) {
	s, err := parse(t, collect.Options{}, threatfox)
	if err != nil {
		t.Fatal(err)
	}
	want := indicator.Claim{
		Raw: "203.0.113.4:443", Names: []string{"Emotet"}, Tags: []string{"botnet_cc", "a", "b"}, Confidence: 75, Layer: indicator.IOC,
		FirstSeen: time.Date(2026, 8, 20, 10, 11, 12, 0, time.UTC), Reference: "https://r.example/1", ExternalID: "1", File: "t.csv", Line: 5,
	}
	if diff := cmp.Diff(want, s.Claims[0]); diff != "" {
		t.Error(diff)
	}
	if c := s.Claims[1]; c.Type != indicator.Domain || c.Names != nil || len(c.Tags) != 1 || c.Reference != "" {
		t.Errorf("got %+v", c)
	}
}

func TestTables(t *testing.T) {
	sha, md5 := strings.Repeat("ab", 32), strings.Repeat("cd", 16)
	tests := []struct {
		name    string
		columns map[string]string
		in      string
		want    []string
	}{
		{"guessed", nil, "value,entity_type,description\nevil.example,hostname,x\n203.0.113.1,ipaddress,y\n", []string{"domain-name evil.example", " 203.0.113.1"}},
		{"byte order mark", nil, "\xef\xbb\xbfvalue,type\r\nevil.example,hostname\r\n", []string{"domain-name evil.example"}},
		{"several columns", nil, "SHA256,MD5,Size,C2 Server\n" + sha + "," + md5 + ",12,evil[.]example\n", []string{"file:sha256 " + sha, "file:md5 " + md5, " evil[.]example"}},
		{"hashes in a cell", nil, "value,type\n\"" + sha + "," + md5 + "\",file\n", []string{" " + sha, " " + md5}},
		{"semicolons", nil, "ioc;type\nevil.example;domain\n", []string{"domain-name evil.example"}},
		{"port", map[string]string{"value": "dst_ip", "port": "dst_port"}, "first_seen,dst_ip,dst_port\n2026-01-01,203.0.113.1,443\n", []string{" 203.0.113.1:443"}},
		{"numbers", map[string]string{"value": "2"}, "x,203.0.113.1\ny,203.0.113.2\n", []string{" 203.0.113.1", " 203.0.113.2"}},
		{"no header", nil, "2017-08-02 16:28:51,api.evil.example\n", []string{" api.evil.example"}},
		{"one column", nil, "evil.example\n", []string{" evil.example"}},
		{"quotes", nil, "value,notes\nevil.example,\"a \"\"b\"\"\nc\"\n", []string{" evil.example"}},
	}
	for _, tt := range tests {
		s, err := parse(t, collect.Options{Columns: tt.columns}, tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, c := range s.Claims {
			got = append(got, string(c.Type)+" "+c.Raw)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || len(s.Drops) != 0 {
			t.Errorf("%s: %s %v", tt.name, diff, s.Drops)
		}
	}
}

func TestStrayQuoteCostsOneLine(t *testing.T) {
	s, err := parse(t, collect.Options{}, "value,notes\na.example,x\nb.example,\"stray\nc.example,y\nd.example,z\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Claims {
		got = append(got, c.Raw)
	}
	if diff := cmp.Diff([]string{"a.example", "c.example", "d.example"}, got); diff != "" || s.Drops["open-quote"] != 1 {
		t.Errorf("%s %v", diff, s.Drops)
	}
}

func TestWrongColumns(t *testing.T) {
	for _, tt := range []struct {
		columns map[string]string
		in      string
		says    []string
	}{
		{map[string]string{"value": "ioc_value"}, "ip,port\n203.0.113.1,80\n", []string{"t.csv", "line 1", "expected \"ioc_value\"", "found \"ip\", \"port\""}},
		{map[string]string{"value": "7"}, "203.0.113.1,80\n", []string{"\"7\"", "2 columns"}},
		{map[string]string{"worth": "1"}, "203.0.113.1,80\n", []string{"\"worth\" is no field"}},
		{nil, "city,country\nParis,France\n", []string{"\"city\", \"country\"", "map one"}},
	} {
		_, err := parse(t, collect.Options{Columns: tt.columns}, tt.in)
		if errs.KindOf(err) != errs.Invalid {
			t.Fatalf("%v: got %v", tt.columns, err)
		}
		for _, s := range tt.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%v: %q lacks %q", tt.columns, err, s)
			}
		}
	}
}

// TestRealTables reads every table of Volexity's and Unit 42's reports.
func TestRealTables(t *testing.T) {
	for _, folder := range []string{"feeds-volexity", "feeds-unit42"} {
		files, claims := 0, 0
		drops := map[string]int{}
		err := fetch.Walk(realdata.Path(t, folder), fetch.Limits{}, func(name string, r io.Reader) error {
			if path.Ext(strings.TrimSuffix(name, ".gz")) != ".csv" {
				return nil
			}
			files++
			var s sourcetest.Sink
			if err := (csv.Parser{}).Parse(t.Context(), collect.Input{Name: path.Base(name), Reader: r}, &s); err != nil {
				if errs.KindOf(err) != errs.Invalid {
					return err
				}
				t.Logf("refused: %v", err)
			}
			claims += len(s.Claims)
			for k, n := range s.Drops {
				drops[k] += n
			}
			if folder == "feeds-volexity" && len(s.Claims) == 0 && !strings.Contains(name, "github_summary") {
				t.Errorf("%s: no claims, drops %v", name, s.Drops)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d tables, %d claims, drops %v", folder, files, claims, drops)
	}
}
