package content_test

import (
	"bytes"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/match"
)

// chance asks for one field of n, which ones hangs on salt; 0 = for none.
func chance(n uint32, salt string) func(format, dataset string) func(string) bool {
	return func(format, dataset string) func(string) bool {
		return func(field string) bool {
			h := fnv.New32a()
			_, _ = io.WriteString(h, salt+format+field)
			return n > 0 && h.Sum32()%n == 0
		}
	}
}

// TestBrief holds the events that are read of records for one who asks for some fields
// against those that are read in full: of all formats' samples, in syslog as well, spoilt
// as well.
func TestBrief(t *testing.T) {
	rec := recogniser(t)
	var records [][]byte
	for _, d := range descriptions(t) {
		for _, c := range d.Tests {
			for line := range bytes.Lines([]byte(c.Record)) {
				line = bytes.TrimRight(line, "\n")
				records = append(records, line, slices.Concat([]byte("<134>Mar  2 10:00:00 gate1 app[77]: "), line))
			}
		}
	}
	rnd := rand.New(rand.NewPCG(11, 12))
	for i, n := 0, len(records); i < 2*n; i++ {
		r := bytes.Clone(records[i%n])
		if len(r) > 0 {
			r[rnd.IntN(len(r))] = byte(rnd.IntN(128))
			records = append(records, r)
		}
	}
	for name, b := range map[string]*format.Brief{
		"none": format.NewBrief(nil), "some": format.NewBrief(chance(5, "a")), "most": format.NewBrief(chance(2, "b")),
		"nothing": format.NewBriefOnly(chance(0, "")), "few": format.NewBriefOnly(chance(20, "c")), "half": format.NewBriefOnly(chance(2, "d")),
	} {
		stream, err := rec.Stream("")
		if err != nil {
			t.Fatal(err)
		}
		brief := map[string]bool{}
		for _, r := range records {
			_ = stream.Restart("", nil)
			stream.Arrival = arrival
			got, is, ok, err := stream.Brief(r, b)
			_ = stream.Restart("", nil)
			stream.Arrival = arrival
			want, wantOK, wantErr := stream.Decode(r)
			if ok != wantOK || (err == nil) != (wantErr == nil) || got.Format != want.Format || !got.Time.Equal(want.Time) {
				t.Fatalf("%s: got %t, %v, %q, %v, want %t, %v, %q, %v: %q", name, ok, err, got.Format, got.Time, wantOK, wantErr, want.Format, want.Time, r)
			}
			if is {
				brief[got.Format] = true
			}
			asked := b.Of(got.Format, "")
			for _, pair := range [2][2]event.Fields{{got.Fields, want.Fields}, {want.Fields, got.Fields}} {
				for field, v := range pair[0] {
					w, there := pair[1][field]
					if (!is || asked.Needs(field)) && (!there || !reflect.DeepEqual(v, w)) {
						t.Fatalf("%s: of %s brief %t: %s is %#v in one, in the other %t, %#v: %q", name, got.Format, is, field, v, there, w, r)
					}
				}
			}
			if !asked.Only && !slices.Equal(format.Observables(&got, match.Scan), format.Observables(&want, match.Scan)) {
				t.Fatalf("%s: observables %v, in full %v: %q", name, format.Observables(&got, match.Scan), format.Observables(&want, match.Scan), r)
			}
		}
		if len(brief) < 150 {
			t.Errorf("%s: only %d formats were read briefly", name, len(brief))
		}
	}
}

// TestBriefLeavesOut makes sure that what nobody asks for is not read.
func TestBriefLeavesOut(t *testing.T) {
	stream, err := recogniser(t).Stream("")
	if err != nil {
		t.Fatal(err)
	}
	record := []byte(`<189>date=2026-03-02 time=11:00:00 devname="fw-a" devid="FGT60E" tz="+0100" logid="0000000013" type="traffic" subtype="forward" level="notice" srcip=10.1.100.11 srcport=54190 dstip=203.0.113.7 dstport=443 proto=6 action="deny" policyid=1 sentbyte=20`)
	ev, brief, ok, err := stream.Brief(record, format.NewBriefOnly(func(string, string) func(string) bool {
		return func(field string) bool { return field == "event.action" || field == "fortigate.policyid" }
	}))
	if err != nil || !ok || !brief {
		t.Fatalf("%t, %t, %v", ok, brief, err)
	}
	for field, want := range map[string]any{
		"event.action": "blocked", "fortigate.policyid": "1", "source.ip": nil, "fortigate.srcip": nil, "fortigate.sentbyte": nil, "source.bytes": nil,
	} {
		if got := ev.Fields[field]; got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
}
