package stix

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
)

// produced is the namespace of the ids of objects that Vedette makes. STIX
// reserves its own namespace for cyber-observables.
var produced = uuid.MustParse("5f0d0a3e-7b6c-4c3e-9a53-2c1f6f1f7e11")

// namesKept bounds how many names a BundleWriter remembers. Beyond it an object
// may stand in the bundle twice, unchanged, which STIX allows.
const namesKept = 100_000

// BundleWriter writes indicators as a STIX 2.1 bundle, one after the other, so
// that a bundle of any size needs no memory. Names become objects that the
// indicator indicates; they and TLP markings stand before their first use. The
// same indicator always gets the same id. Call [BundleWriter.Close] at the end.
type BundleWriter struct {
	w      io.Writer
	typeOf func(name string) string
	buf    bytes.Buffer
	json   *json.Encoder
	any    bool // an object was written
	marked map[indicator.TLP]bool
	named  map[string]string // name -> id of its object
	err    error
}

// NewBundleWriter begins a bundle with the given id ("bundle--UUID"). typeOf
// tells the STIX type of what a name means; where it returns "", the name is
// taken for that of a malware family.
func NewBundleWriter(w io.Writer, id string, typeOf func(name string) string) *BundleWriter {
	b := &BundleWriter{w: w, typeOf: typeOf, marked: map[indicator.TLP]bool{}, named: map[string]string{}}
	b.json = json.NewEncoder(&b.buf)
	b.json.SetEscapeHTML(false)
	b.buf.WriteString(`{"type":"bundle","id":"` + id + `","objects":[`)
	return b
}

type phase struct {
	Chain string `json:"kill_chain_name"`
	Phase string `json:"phase_name"`
}

// sdo is an indicator, or an object that one indicates.
type sdo struct {
	Type           string   `json:"type"`
	SpecVersion    string   `json:"spec_version"`
	ID             string   `json:"id"`
	Created        string   `json:"created"`
	Modified       string   `json:"modified"`
	Name           string   `json:"name,omitempty"`
	Description    string   `json:"description,omitempty"`
	IsFamily       bool     `json:"is_family,omitempty"`
	IndicatorTypes []string `json:"indicator_types,omitempty"`
	Pattern        string   `json:"pattern,omitempty"`
	PatternType    string   `json:"pattern_type,omitempty"`
	ValidFrom      string   `json:"valid_from,omitempty"`
	ValidUntil     string   `json:"valid_until,omitempty"`
	KillChain      []phase  `json:"kill_chain_phases,omitempty"`
	Relationship   string   `json:"relationship_type,omitempty"`
	SourceRef      string   `json:"source_ref,omitempty"`
	TargetRef      string   `json:"target_ref,omitempty"`
	Labels         []string `json:"labels,omitempty"`
	Confidence     int      `json:"confidence,omitempty"`
	Revoked        bool     `json:"revoked,omitempty"`
	Markings       []string `json:"object_marking_refs,omitempty"`
}

// Add writes one indicator. dropped is "type" when STIX cannot say it.
func (b *BundleWriter) Add(i indicator.Indicator) (dropped string, err error) {
	o := objectOf(i)
	if o.Pattern == "" {
		return "type", b.err
	}
	if l := i.TLP; MarkingID(l) != "" && !b.marked[l] {
		b.marked[l] = true
		b.put(markingOf(l))
	}
	for _, name := range i.Names {
		target := b.name(name, o)
		b.put(sdo{
			Type: "relationship", SpecVersion: "2.1", ID: objectID("relationship", o.ID+" "+target), Created: o.Created, Modified: o.Created,
			Relationship: "indicates", SourceRef: o.ID, TargetRef: target, Markings: o.Markings,
		})
	}
	b.put(o)
	return "", b.flush(64 << 10)
}

// AddRaw writes an object as it is.
func (b *BundleWriter) AddRaw(raw json.RawMessage) error {
	if b.any {
		b.buf.WriteByte(',')
	}
	b.any = true
	b.buf.WriteByte('\n')
	b.buf.Write(raw)
	return b.flush(64 << 10)
}

// name writes the object of a name, once, and returns its id.
func (b *BundleWriter) name(name string, by sdo) string {
	if id := b.named[name]; id != "" {
		return id
	}
	if len(b.named) >= namesKept {
		clear(b.named)
	}
	kind := b.typeOf(name)
	switch kind {
	case "malware", "threat-actor", "intrusion-set", "campaign", "tool", "infrastructure":
	default:
		kind = "malware"
	}
	id := objectID(kind, name)
	b.named[name] = id
	b.put(sdo{
		Type: kind, SpecVersion: "2.1", ID: id, Created: Stamp(time.Unix(0, 0)), Modified: Stamp(time.Unix(0, 0)),
		Name: name, IsFamily: kind == "malware", Markings: by.Markings,
	})
	return id
}

// IndicatorID is the id under which an indicator leaves as STIX.
func IndicatorID(i indicator.Indicator) string { return "indicator--" + i.ID }

// IndicatorObject writes one indicator as STIX 2.1; nil when STIX cannot say it.
// Its names stand in the description: alone it has no relationships.
func IndicatorObject(i indicator.Indicator) json.RawMessage {
	o := objectOf(i)
	if o.Pattern == "" {
		return nil
	}
	if len(i.Names) > 0 {
		o.Description = "Known as " + strings.Join(i.Names, ", ") + "."
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil
	}
	return raw
}

// ProducedID is the id that Vedette gives to an object of a type and name which has
// none: the same thing of two sources gets the same.
func ProducedID(kind, name string) string { return objectID(kind, name) }

func objectID(kind, name string) string {
	return kind + "--" + uuid.NewSHA1(produced, []byte(kind+" "+name)).String()
}

func objectOf(i indicator.Indicator) sdo {
	created, from := i.FirstSeen, i.ValidFrom
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	if from.IsZero() {
		from = created
	}
	modified := i.LastSeen
	if modified.Before(created) {
		modified = created
	}
	o := sdo{
		Type: "indicator", SpecVersion: "2.1", ID: IndicatorID(i), Created: Stamp(created), Modified: Stamp(modified),
		Name: i.Value, Pattern: PatternOf(i.Type, i.Value), PatternType: "stix", Labels: i.Tags, Confidence: i.Confidence, Revoked: i.Revoked,
	}
	if until := i.ValidUntil; !until.IsZero() {
		if !until.After(from) { // STIX wants a span
			from = until.Add(-time.Second)
		}
		o.ValidUntil = Stamp(until)
	}
	o.ValidFrom = Stamp(from)
	if i.Layer == indicator.IOA {
		o.IndicatorTypes = []string{"anomalous-activity"}
	}
	if i.KillChain != "" {
		o.KillChain = []phase{{chainOf(i.KillChain), i.KillChain}}
	}
	if id := MarkingID(i.TLP); id != "" {
		o.Markings = []string{id}
	}
	return o
}

// lockheed are the phases of the Lockheed Martin Cyber Kill Chain that ATT&CK
// does not also have as a tactic.
const lockheed = " weaponization delivery exploitation installation actions-on-objectives "

func chainOf(name string) string {
	if strings.Contains(lockheed, " "+name+" ") {
		return "lockheed-martin-cyber-kill-chain"
	}
	return "mitre-attack"
}

// Stamp writes a time as STIX has it: UTC, with milliseconds (2.1, section 3.2).
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (b *BundleWriter) put(o any) {
	if b.any {
		b.buf.WriteByte(',')
	}
	b.any = true
	b.buf.WriteByte('\n')
	if err := b.json.Encode(o); err != nil && b.err == nil {
		b.err = err
		return
	}
	b.buf.Truncate(b.buf.Len() - 1) // the encoder's line end
}

func (b *BundleWriter) flush(above int) error {
	if b.buf.Len() > above && b.err == nil {
		_, b.err = b.w.Write(b.buf.Bytes())
		b.buf.Reset()
	}
	return b.err
}

// Close ends the bundle. It does not close the writer below.
func (b *BundleWriter) Close() error {
	b.buf.WriteString("\n]}\n")
	return b.flush(0)
}
