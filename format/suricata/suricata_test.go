package suricata_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/internal/realdata"
)

func readAll(t *testing.T, in io.Reader, name string) []event.Event {
	t.Helper()
	r, err := format.NewReader(in, name, format.NewRecogniser(suricata.Format()), format.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []event.Event
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Errorf("%v", err)
			var bad *format.RecordError
			if !errors.As(err, &bad) {
				return out
			}
			continue
		}
		if ev.Time.IsZero() || ev.Format != "suricata" {
			t.Errorf("%s record %d: time %v, format %s: %.200s", name, ev.Origin.Line, ev.Time, ev.Format, ev.Raw)
		}
		out = append(out, ev)
	}
}

// corpus reads every EVE file of the suricata-verify samples.
func corpus(t *testing.T) map[string][]event.Event {
	files := map[string][]event.Event{}
	realdata.Tar(t, realdata.Path(t, "suricata", "eve.tar.gz"), func(name string, r io.Reader) {
		files[name] = readAll(t, r, name)
	})
	return files
}

// TestVerify runs the checks that Suricata's own project holds its log against
// over the decoded events: nothing of a record may be lost or changed.
func TestVerify(t *testing.T) {
	files := corpus(t)
	records := 0
	for _, evs := range files {
		records += len(evs)
	}
	if len(files) != 760 || records != 22142 {
		t.Errorf("%d files with %d records, want 760 with 22142", len(files), records)
	}
	originals := map[string][]any{}
	for name, evs := range files {
		for i := range evs {
			originals[name] = append(originals[name], original(t, &evs[i]))
		}
	}
	realdata.CheckEVE(t, originals)
}

// original takes out of a written event the record that Suricata wrote.
func original(t *testing.T, ev *event.Event) any {
	t.Helper()
	var written struct{ Suricata struct{ Eve any } }
	raw, err := ev.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(raw, &written)
	}
	if err != nil {
		t.Fatal(err)
	}
	return written.Suricata.Eve
}

// TestArrays reads the pretty-printed arrays of the WRCCDC captures.
func TestArrays(t *testing.T) {
	files, _ := filepath.Glob(realdata.Path(t, "suricata", "wrccdc") + "/*/alerts-only.json")
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		raw, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		var want []json.RawMessage
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		got := readAll(t, strings.NewReader(string(raw)), name)
		if len(got) != len(want) {
			t.Errorf("%s: %d events, want %d", name, len(got), len(want))
		}
	}
	if len(files) != 4 {
		t.Errorf("%d files, want 4", len(files))
	}
}

func TestAlert(t *testing.T) {
	const line = `{"timestamp":"2018-03-24T14:37:19.037299-0600","flow_id":928532049924531,"event_type":"alert","src_ip":"198.51.100.7","src_port":80,"dest_ip":"10.47.8.150","dest_port":26078,"proto":"TCP","app_proto":"http",` +
		`"alert":{"action":"blocked","gid":1,"signature_id":2001219,"rev":20,"signature":"ET MALWARE x","category":"Trojan","severity":1,"metadata":{"mitre_technique_id":["T1071"]}},` +
		`"http":{"hostname":"Evil.Example","http_port":8080,"url":"/a?b=c","http_user_agent":"curl/8","http_method":"GET","status":200},` +
		`"flow":{"src_ip":"10.47.8.150","dest_ip":"198.51.100.7","src_port":26078,"dest_port":80,"bytes_toserver":74,"bytes_toclient":9}}`
	evs := readAll(t, strings.NewReader(line), "eve.json")
	if len(evs) != 1 {
		t.Fatalf("%d events, want 1", len(evs))
	}
	got := event.Fields{}
	for k, v := range evs[0].Fields {
		if !strings.HasPrefix(k, "suricata.") {
			got[k] = v
		}
	}
	want := event.Fields{
		"event.kind": "alert", "event.module": "suricata", "event.dataset": "suricata.eve",
		"event.category": []string{"network", "intrusion_detection"}, "event.type": []string{"info", "denied"},
		"event.action": "blocked", "event.severity": int64(1), "message": "ET MALWARE x",
		"rule.id": "2001219", "rule.name": "ET MALWARE x", "rule.category": "Trojan", "rule.version": "20",
		"threat.technique.id": []string{"T1071"},
		"source.ip":           "198.51.100.7", "source.port": int64(80), "destination.ip": "10.47.8.150", "destination.port": int64(26078),
		"client.ip": "10.47.8.150", "client.port": int64(26078), "server.ip": "198.51.100.7", "server.port": int64(80),
		"client.bytes": int64(74), "server.bytes": int64(9),
		"network.transport": "tcp", "network.protocol": "http",
		"url.domain": "Evil.Example", "url.path": "/a", "url.query": "b=c", "url.port": int64(8080),
		"url.original": "/a?b=c", "url.full": "http://Evil.Example:8080/a?b=c",
		"http.request.method": "GET", "http.response.status_code": int64(200), "user_agent.original": "curl/8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if want := "2018-03-24T20:37:19.037299Z"; evs[0].Time.Format("2006-01-02T15:04:05.999999999Z07:00") != want {
		t.Errorf("time %v, want %s", evs[0].Time, want)
	}
}
