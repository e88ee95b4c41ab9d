package pipeline

import (
	"slices"
	"testing"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestProductStage: what a product raised has the stage that it states, else that of its
// category, else of what it watches; and what it does not rate is rated by what it is.
func TestProductStage(t *testing.T) {
	d := allFormats(t)
	const in, out = `"source":{"ip":"203.0.113.4"},"destination":{"ip":"10.0.0.5"}`, `"source":{"ip":"10.0.0.5"},"destination":{"ip":"203.0.113.4"}`
	for name, c := range map[string]struct {
		event  string // without kind and module
		tactic string
		level  string
		stop   bool
	}{
		"a tactic by name":            {`"event":{"severity":8},"rule":{"name":"x"},"threat":{"tactic":{"name":["CredentialAccess"]}}`, "credential-access", "high", false},
		"by its ID":                   {`"event":{"severity":9},"rule":{"name":"x"},"threat":{"tactic":{"id":["TA0010"]}}`, "exfiltration", "critical", false},
		"the first that is one":       {`"event":{},"rule":{"name":"x"},"threat":{"tactic":{"name":["Malware, Lateral Movement","Impact"]}}`, "lateral-movement", "", false},
		"of industrial systems":       {`"event":{},"rule":{"name":"x"},"threat":{"tactic":{"name":["Impair Process Control"]}}`, "impair-process-control", "", false},
		"before the name's":           {`"event":{},"rule":{"name":"Exfiltration:S3/ObjectRead.Unusual"},"threat":{"technique":{"id":["T1530"]}}`, "exfiltration", "", false},
		"no name with a colon":        {`"event":{},"rule":{"name":"Impact: coffee machine"}`, "", "", false},
		"evasion as GuardDuty has it": {`"event":{"category":["iam"]},"rule":{"name":"Stealth:IAMUser/CloudTrailLoggingDisabled"}`, "defense-evasion", "", false},
		"no word of the trade":        {`"event":{},"rule":{"name":"x","category":"Executive report, SQL Server, Password policy changed"}`, "", "", false},
		"a technique says it later":   {`"event":{"category":["process"]},"rule":{"name":"x"},"threat":{"technique":{"id":["T1003"]}}`, "", "", false},
		"Suricata's classification":   {`"event":{},"rule":{"name":"x","category":"Attempted Information Leak"}`, "reconnaissance", "", false},
		"words of a category":         {`"event":{},"rule":{"name":"x","category":"brute-force"}`, "credential-access", "", false},
		"the furthest of them":        {`"event":{},"rule":{"name":"x","category":"Exploit / Data Exfiltration"}`, "exfiltration", "", false},
		"no middle of a word":         {`"event":{},"rule":{"name":"x","category":"Windows"}`, "", "", false},
		"no beginning of another":     {`"event":{},"rule":{"name":"x","category":"Reconfiguration"}`, "", "", false},
		"a short word":                {`"event":{},"rule":{"name":"x","category":"Network Recon"}`, "reconnaissance", "", false},
		"malware on a host":           {`"event":{"category":["malware"],"action":"Quarantined"},"host":{"name":"pc7"},"rule":{"name":"EICAR"}`, "execution", "high", true},
		"malware that stayed":         {`"event":{"category":["malware"],"action":"clean failed"},"host":{"name":"pc7"},"rule":{"name":"EICAR"}`, "execution", "high", false},
		"malware that stays a while":  {`"event":{"category":["malware"],"action":"Quarantine pending"},"host":{"name":"pc7"},"rule":{"name":"EICAR"}`, "execution", "high", false},
		"malware that was deleted":    {`"event":{"category":["malware"],"action":"Deleted"},"host":{"name":"pc7"},"rule":{"name":"EICAR"}`, "execution", "high", true},
		"a file that was deleted":     {`"event":{"category":["file"],"action":"deleted"},"host":{"name":"web1"},"rule":{"name":"File deleted."}`, "", "", false},
		"a log that was ended":        {`"event":{"category":["iam"],"action":"DeleteTrail","severity":8},"rule":{"name":"x","category":"Defense Evasion"}`, "defense-evasion", "high", false},
		"malware on its way":          {`"event":{"category":["network","malware"]},"rule":{"name":"EICAR"},` + out, "initial-access", "high", false},
		"mail":                        {`"event":{"category":["email"],"severity":2},"rule":{"name":"x"}`, "initial-access", "low", false},
		"a sign-in":                   {`"event":{"category":["authentication"],"severity":50},"user":{"name":"mia"},"rule":{"name":"x"}`, "credential-access", "medium", false},
		"from without":                {`"event":{"category":["network","intrusion_detection"]},"rule":{"name":"x"},` + in, "initial-access", "", false},
		"to without":                  {`"event":{"category":["network","intrusion_detection"]},"rule":{"name":"x"},` + out, "command-and-control", "", false},
		"a category that says naught": {`"event":{"category":["network","intrusion_detection"]},"rule":{"name":"x","category":"Misc activity"},` + out, "", "", false},
		"a honeypot, from without":    {`"event":{"category":["intrusion_detection"]},"observer":{"type":"honeypot"},"host":{"name":"pot1"},"source":{"ip":"203.0.113.4"},"rule":{"name":"x"}`, "reconnaissance", "low", false},
		"a honeypot, from within":     {`"event":{"category":["intrusion_detection"]},"observer":{"type":"honeypot"},"host":{"name":"pot1"},"source":{"ip":"10.0.0.5"},"destination":{"ip":"10.0.0.9"},"rule":{"name":"x"}`, "lateral-movement", "critical", false},
		"denied":                      {`"event":{"type":["denied"]},"rule":{"name":"x"}`, "", "", true},
	} {
		record := `{"@timestamp":"2026-03-02T10:00:00Z","ecs":{"version":"8.11.0"},` + c.event[:len(`"event":{`)] + `"kind":"alert","module":"acme"`
		if rest := c.event[len(`"event":{`):]; rest[0] != '}' {
			record += "," + rest + "}"
		} else {
			record += rest + "}"
		}
		ev, ok := d.Decode(telemetry.Stored{Seq: 1, Record: telemetry.Record{Source: "s", Raw: []byte(record)}})
		if !ok || ev.Format != "ecs" {
			t.Errorf("%s is read as %q", name, ev.Format)
			continue
		}
		set := settle(&ev, org.New(nil).Index())
		got := alert.Detection{Blocked: blocked(&ev)}
		byProduct(&got, &ev, &set)
		if name == "to without" && !slices.Equal(got.Reason.Evidence, []string{"source.ip=10.0.0.5", "destination.ip=203.0.113.4"}) {
			t.Errorf("%s: says %q", name, got.Reason.Evidence)
		}
		if got.Tactic != c.tactic || got.Reason.Level != c.level || got.Blocked != c.stop {
			t.Errorf("%s: stage %q of level %q, blocked %v; want %q, %q, %v", name, got.Tactic, got.Reason.Level, got.Blocked, c.tactic, c.level, c.stop)
		}
	}
}
