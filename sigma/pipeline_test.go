package sigma_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/sigma"
)

// notCovered are log sources of the public rules that no pipeline leads to, and
// how many rules are for each.
var notCovered = map[string]int{
	"*/*/apache":                        2,
	"*/*/netflow":                       1,
	"*/*/nginx":                         1,
	"*/database/*":                      1,
	"*/dns/*":                           11,
	"*/firewall/*":                      2,
	"*/proxy/*":                         56,
	"*/webserver/*":                     86,
	"aws/*/cloudtrail":                  58,
	"azure/*/activitylogs":              35,
	"azure/*/auditlogs":                 46,
	"azure/*/pim":                       7,
	"azure/*/riskdetection":             19,
	"azure/*/signinlogs":                24,
	"bitbucket/*/audit":                 14,
	"cisco/*/aaa":                       13,
	"cisco/*/bgp":                       1,
	"cisco/*/duo":                       1,
	"cisco/*/ldp":                       1,
	"cisco/*/syslog":                    1,
	"django/application/*":              1,
	"fortigate/*/event":                 7,
	"fortios/*/sslvpnd":                 1,
	"gcp/*/gcp.audit":                   16,
	"gcp/*/google_workspace.admin":      7,
	"gcp/*/google_workspace.login":      3,
	"github/*/audit":                    15,
	"huawei/*/bgp":                      1,
	"juniper/*/bgp":                     1,
	"jvm/application/*":                 5,
	"kubernetes/*/audit":                6,
	"kubernetes/application/audit":      10,
	"linux/*/*":                         16,
	"linux/*/auditd":                    54,
	"linux/*/auth":                      1,
	"linux/*/clamav":                    1,
	"linux/*/cron":                      1,
	"linux/*/guacamole":                 1,
	"linux/*/sshd":                      3,
	"linux/*/sudo":                      1,
	"linux/*/syslog":                    2,
	"linux/*/vsftpd":                    1,
	"linux/file_event/*":                18,
	"linux/network_connection/*":        5,
	"linux/process_creation/*":          144,
	"m365/*/audit":                      6,
	"m365/*/exchange":                   1,
	"m365/*/threat_detection":           1,
	"m365/*/threat_management":          13,
	"macos/file_event/*":                5,
	"macos/process_creation/*":          70,
	"nodejs/application/*":              1,
	"okta/*/okta":                       24,
	"onelogin/*/onelogin.events":        2,
	"opencanary/application/*":          24,
	"paloalto/appliance/globalprotect":  1,
	"paloalto/file_event/globalprotect": 1,
	"python/application/*":              1,
	"qualys/*/*":                        2,
	"ruby_on_rails/application/*":       1,
	"spring/application/*":              2,
	"sql/application/*":                 1,
	"velocity/application/*":            1,
	"zeek/*/dce_rpc":                    4,
	"zeek/*/dns":                        5,
	"zeek/*/http":                       5,
	"zeek/*/kerberos":                   1,
	"zeek/*/rdp":                        1,
	"zeek/*/smb_files":                  7,
	"zeek/*/x509":                       1,
}

// TestLogSources holds the log sources of all public rules against the pipelines.
func TestLogSources(t *testing.T) {
	rules := readRules(t)
	e := compile(t, sigma.Collection{Rules: rules}, sigma.Options{Pipelines: pipelines(t)})
	missing, covered := map[string]int{}, map[string]int{}
	closed := 0
	for _, c := range e.Coverage() {
		source := e.Rule(c.Rule).LogSource.String()
		switch {
		case len(c.Sources) == 0:
			missing[source]++
		case strings.Contains(c.Never, "placeholder"):
			closed++
		case c.Never != "":
			t.Errorf("%s: %s", e.Rule(c.Rule).Title, c.Never)
		default:
			covered[source]++
		}
	}
	if diff := cmp.Diff(notCovered, missing); diff != "" {
		t.Errorf("log sources without pipeline: -want +got\n%s", diff)
	}
	n := 0
	for _, s := range slices.Sorted(maps.Keys(covered)) {
		n += covered[s]
		t.Logf("%4d %s", covered[s], s)
	}
	t.Logf("%d rules can match, %d wait for placeholders, %d have no source", n, closed, len(rules)-n-closed)
}

func TestPipelineErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: [":                         "not YAML",
		"- x":                          "a mapping is expected",
		"format: f":                    "p.yaml:1: pipeline: name and format",
		"name: n\nformat: f":           "no rule would ever be looked at",
		"name: n\nformat: f\nforms: x": `p.yaml:3: pipeline: the key "forms" is not one of`,
		"name: n\nformat: f\nsources: [{when: {a: b}}]":               "needs category, product or service",
		"name: n\nformat: f\nsources: [{service: s, when: {a: []}}]":  "when: a has no value",
		"name: n\nformat: f\nproduct: p\njoins: [{field: x, of: y}]":  "two fields to make it of",
		"name: n\nformat: f\nproduct: p\nfields: [a]":                 "fields is a mapping",
		"name: n\nformat: f\nproduct: p\nlayouts: [{move: [a]}]":      "a mapping of event fields",
		"name: n\nformat: f\nproduct: p\nlayouts: [{rename: {a: b}}]": `the key "rename"`,
	} {
		p, err := sigma.ParsePipeline("p.yaml", []byte(text))
		var problem *sigma.Problem
		if err == nil || p != nil || !strings.Contains(err.Error(), want) || !errors.As(err, &problem) {
			t.Errorf("%q: got %v, want …%s…", text, err, want)
		}
	}
}

func TestFieldMap(t *testing.T) {
	p, err := sigma.ParsePipeline("p.yaml", []byte(`
name: n
format: f
product: p
fields: {A: x, B: [y, [z, w]], C: null, "*": [e.*, u.*]}
sources: [{service: s, fields: {A: q, C: c}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2][]sigma.Candidate{
		"A": {{{"x"}}, {{"q"}}},
		"B": {{{"y"}, {"z", "w"}}, {{"y"}, {"z", "w"}}},
		"C": {nil, {{"c"}}},
		"D": {{{"e.D"}, {"u.D"}}, {{"e.D"}, {"u.D"}}},
	} {
		for i := range want {
			if diff := cmp.Diff(want[i], p[0].Sources[i].Fields.Lookup(name)); diff != "" {
				t.Errorf("source %d, %s: -want +got\n%s", i, name, diff)
			}
		}
	}
}
