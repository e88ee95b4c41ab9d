package pipeline

import (
	"testing"

	"github.com/vedette-soc/vedette/internal/telemetry"
)

// TestSeverity: products count from the worst down, or up to it, to 10, 15 or 100.
func TestSeverity(t *testing.T) {
	d := allFormats(t)
	for name, c := range map[string]struct {
		record string
		want   string
	}{
		"Suricata":          {`{"timestamp":"2026-03-02T10:00:00.000000+0000","flow_id":1,"event_type":"alert","src_ip":"203.0.113.4","dest_ip":"10.0.0.5","alert":{"signature":"x","severity":1}}`, "high"},
		"Suricata, low":     {`{"timestamp":"2026-03-02T10:00:00.000000+0000","flow_id":1,"event_type":"alert","src_ip":"203.0.113.4","dest_ip":"10.0.0.5","alert":{"signature":"x","severity":3}}`, "low"},
		"CEF":               {`CEF:0|Acme|Guard|1|7|Malware found|10|src=203.0.113.4 dst=10.0.0.5`, "critical"},
		"FortiGate":         {`date=2026-03-02 time=10:00:00 devname="fw1" devid="FG1" logid="0419016384" type="utm" subtype="ips" eventtype="signature" level="alert" vd="root" severity="critical" srcip=203.0.113.4 dstip=10.0.0.5 action="dropped" attack="x" attackid=1 crlevel="critical"`, "critical"},
		"CEF, low":          {`CEF:0|Acme|Guard|1|7|Odd|1|src=203.0.113.4 dst=10.0.0.5`, "low"},
		"Falcon, a hundred": {`{"metadata":{"customerIDString":"c","offset":3,"eventType":"EppDetectionSummaryEvent","eventCreationTime":1772445600000,"version":"1.0"},"event":{"Hostname":"PC7","Name":"Odd","Severity":70,"FileName":"x.exe"}}`, "high"},
		"Falcon, words":     {`{"metadata":{"customerIDString":"c","offset":3,"eventType":"DetectionSummaryEvent","eventCreationTime":1772445600000,"version":"1.0"},"event":{"ComputerName":"PC7","DetectName":"Odd","DetectId":"d","Severity":5,"SeverityName":"Critical","FileName":"x.exe"}}`, "critical"},
		"OCSF":              {`{"class_uid":2004,"category_uid":2,"activity_id":1,"severity_id":5,"time":1772445600000,"metadata":{"version":"1.3.0","product":{"name":"G"}},"finding_info":{"title":"x","uid":"1"}}`, "critical"},
		"Wazuh":             {`{"timestamp":"2026-03-02T10:00:00.000+0000","rule":{"level":12,"description":"x","id":"1","groups":["sshd"]},"agent":{"id":"1","name":"web7"},"manager":{"name":"m"},"id":"1.1","decoder":{"name":"sshd"},"location":"/var/log/auth.log","full_log":"x"}`, "high"},
		"Wazuh, low":        {`{"timestamp":"2026-03-02T10:00:00.000+0000","rule":{"level":3,"description":"x","id":"1","groups":["sshd"]},"agent":{"id":"1","name":"web7"},"manager":{"name":"m"},"id":"1.1","decoder":{"name":"sshd"},"location":"/var/log/auth.log","full_log":"x"}`, "low"},
		"none":              {`{"ts":1772445600.0,"note":"Scan::Port_Scan","msg":"x","src":"203.0.113.4","actions":["Notice::ACTION_LOG"],"suppress_for":3600.0,"_path":"notice"}`, ""},
	} {
		ev, ok := d.Decode(telemetry.Stored{Seq: 1, Record: telemetry.Record{Source: "s", Raw: []byte(c.record)}})
		if !ok || ev.Format == "text" || ev.Format == "json" {
			t.Errorf("%s is read as %q", name, ev.Format)
			continue
		}
		if got := levelOf(ev.Fields, unknown); got != c.want {
			t.Errorf("%s (%s, %v): %q, want %q", name, ev.Format, ev.Fields["event.severity"], got, c.want)
		}
	}
}
