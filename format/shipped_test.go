package format_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
)

// TestShipped: a line that a shipper put into a document of its own is read in its
// own format, and what the shipper says stays beside it.
func TestShipped(t *testing.T) {
	rec := format.NewRecogniser(suricata.Format(), ecs.Format(), format.OTLP())
	const eve = `{"timestamp":"2026-03-02T10:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dns":{"type":"query","rrname":"evil.example"}}`
	const beat = `{"@timestamp":"2026-03-02T10:00:05.000Z","@metadata":{"beat":"filebeat"},"agent":{"type":"filebeat"},"ecs":{"version":"1.12.0"},"host":{"name":"shipper-1"},"input":{"type":"filestream"},"log":{"offset":12,"file":{"path":"/var/log/x"}},"message":%s}`
	const fluent = `{"@timestamp":"2026-03-02T10:00:05.000Z","log":%s,"stream":"stdout","kubernetes":{"host":"node-1"}}`
	const otlp = `{"timestamp":"2026-03-02T10:00:05Z","severity":"INFO","body":%s,"attributes":{"log.file.path":"/var/log/x"},"resource":{"host.name":"shipper-1"}}`
	const ssh = "<38>Mar  2 10:00:00 gate sshd[77]: Failed password for root from 198.51.100.7 port 4711 ssh2"
	for _, c := range []struct {
		name, declared, around, line string
		format, module, host         string
	}{
		{"eve in a Beat", "", beat, eve, "suricata", "suricata", "shipper-1"},
		{"syslog in a Beat", "", beat, ssh, "syslog", "syslog", "gate"},
		{"text in a Beat", "", beat, "nothing in particular", "ecs", "ecs", "shipper-1"},
		{"eve in Fluent Bit", "", fluent, eve + "\n", "suricata", "suricata", ""},
		{"eve in OTLP", "otlp", otlp, eve, "suricata", "suricata", "shipper-1"},
		{"text in OTLP", "otlp", otlp, "just a line", "otlp", "otlp", "shipper-1"},
		{"an event of its own", "", `{"@timestamp":"2026-03-02T10:00:05.000Z","ecs":{"version":"8"},"host":{"name":"h"},"source":{"ip":"10.1.1.1"},"message":%s}`, eve, "ecs", "ecs", "h"},
		{"a Beat in a Beat in a Beat ends", "", beat, fmt.Sprintf(beat, quote(t, fmt.Sprintf(beat, quote(t, eve)))), "ecs", "ecs", "shipper-1"},
	} {
		stream, err := rec.Resume(c.declared, nil)
		if err != nil {
			t.Fatal(err)
		}
		record := fmt.Sprintf(c.around, quote(t, c.line))
		ev, ok, err := stream.Decode([]byte(record))
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", c.name, ok, err)
		}
		got := []string{ev.Format, ev.Fields.String("event.module"), ev.Fields.String("host.name"), string(ev.Raw)}
		if diff := cmp.Diff([]string{c.format, c.module, c.host, record}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
		if ev.Time.IsZero() {
			t.Errorf("%s: no time", c.name)
		}
	}
}

// TestHit: the document that a search returned is read in its own format, also behind
// records of that format.
func TestHit(t *testing.T) {
	rec := format.NewRecogniser(suricata.Format(), ecs.Format())
	stream, err := rec.Stream("")
	if err != nil {
		t.Fatal(err)
	}
	const eve = `{"timestamp":"2026-03-02T10:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dns":{"type":"query","rrname":"evil.example"}}`
	const beat = `{"@timestamp":"2026-03-02T10:00:05.000Z","ecs":{"version":"8"},"source":{"ip":"10.1.1.1"}}`
	for _, c := range []struct{ record, format, field, value string }{
		{eve, "suricata", "dns.question.name", "evil.example"},
		{`{"_index":"logs-1","_id":"7","_score":1.0,"_source":` + eve + `}`, "suricata", "dns.question.name", "evil.example"},
		{`{"_index":"logs-1","_id":"7","_score":1.0,"_source":` + eve + `}`, "suricata", "elasticsearch.index", "logs-1"},
		{"{\n  \"_id\" : \"7\",\n \"_source\" : " + beat + `, "sort":[1]}`, "ecs", "source.ip", "10.1.1.1"},
		{`{"_source":{"a":"b"}}`, "json", "json.a", "b"},
		{`{"_index":"logs-1","_source":"none"}`, "elasticsearch", "json._source", "none"},
		{`{"_index":"logs-1","text":"\"_source\""}`, "json", "json.text", `"_source"`},
		{`{"_index":"logs-1","_id":"7","fields":{"@timestamp":["2026-03-02T10:00:05.000Z"],"ecs.version":["8"],"source.ip":["10.1.1.1"],"tags":["a","b"]}}`, "ecs", "source.ip", "10.1.1.1"},
		{`{"_index":"logs-1","fields":[1]}`, "elasticsearch", "json._index", "logs-1"},
		{eve, "suricata", "dns.question.name", "evil.example"},
	} {
		ev, ok, err := stream.Decode([]byte(c.record))
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", c.record, ok, err)
		}
		if ev.Format != c.format || ev.Fields.String(c.field) != c.value || string(ev.Raw) != c.record {
			t.Errorf("%s: format %s, %s=%q", c.record, ev.Format, c.field, ev.Fields.String(c.field))
		}
	}
}

// TestSplunk: what a search exported is read as what was indexed, or by its fields.
func TestSplunk(t *testing.T) {
	rec := format.NewRecogniser(suricata.Format(), ecs.Format(), format.Splunk())
	stream, err := rec.Stream("")
	if err != nil {
		t.Fatal(err)
	}
	eve := quote(t, `{"timestamp":"2026-03-02T10:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dns":{"type":"query","rrname":"evil.example"}}`)
	for _, c := range []struct{ record, format, field, value string }{
		{`{"preview":false,"offset":0,"result":{"_raw":` + eve + `,"host":"sensor","sourcetype":"suricata"}}`, "suricata", "dns.question.name", "evil.example"},
		{`{"preview":false,"result":{"_raw":` + eve + `,"host":["sensor","b"],"index":"main"},"lastrow":true}`, "suricata", "host.name", "sensor"},
		{`{"_bkt":"main~1","_raw":` + eve + `,"_time":"2026-03-02T10:00:01.000+00:00","source":"/var/log/eve.json"}`, "suricata", "log.file.path", "/var/log/eve.json"},
		{`{"preview":false,"result":{"_raw":"door 7 open","_time":"2026-03-02T10:00:01.000+00:00","sourcetype":"door"}}`, "splunk", "message", "door 7 open"},
		{`{"sid":"s","search_name":"n","result":{"src_ip":"10.1.1.1","count":"3"}}`, "json", "json.src_ip", "10.1.1.1"},
		{`{"preview":true,"result":{"@timestamp":"2026-03-02T10:00:05.000Z","event.module":"m","source.ip":"10.1.1.1"}}`, "ecs", "source.ip", "10.1.1.1"},
		{`{"preview":true,"result":"x"}`, "splunk", "event.module", "splunk"},
	} {
		ev, ok, err := stream.Decode([]byte(c.record))
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", c.record, ok, err)
		}
		if ev.Format != c.format || ev.Fields.String(c.field) != c.value || string(ev.Raw) != c.record {
			t.Errorf("%s: format %s, %s=%q", c.record, ev.Format, c.field, ev.Fields.String(c.field))
		}
		if ev.Time.IsZero() != (ev.Format == "json" || c.value == "splunk") {
			t.Errorf("%s: time %s", c.record, ev.Time)
		}
	}
}

func quote(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
