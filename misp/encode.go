package misp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
)

// eventSize is how many attributes an event has at most; MISP's own pages become
// slow beyond it.
const eventSize = 10_000

// EventWriter writes indicators as attributes of MISP events: one event, or when
// there are more than 10,000 a response of several. It holds one event at a time.
// Call [EventWriter.Close] at the end.
//
// MISP has no validity and no exact confidence: the first is not carried, the
// second is told as the nearest word of MISP's confidence taxonomy.
type EventWriter struct {
	w      io.Writer
	id     uuid.UUID
	made   time.Time
	typeOf func(name string) string
	buf    bytes.Buffer // the attributes of the event being filled
	json   *json.Encoder
	count  int // in it
	events int // written
}

// NewEventWriter begins an export made at a time. The ids of its events follow
// from id. typeOf tells the STIX type of what a name means, "" = not known.
func NewEventWriter(w io.Writer, id uuid.UUID, made time.Time, typeOf func(name string) string) *EventWriter {
	e := &EventWriter{w: w, id: id, made: made.UTC(), typeOf: typeOf}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false)
	return e
}

// Attribute is one attribute as MISP writes it.
type Attribute struct {
	UUID      string         `json:"uuid"`
	Type      string         `json:"type"`
	Category  string         `json:"category"`
	Value     string         `json:"value"`
	ToIDs     bool           `json:"to_ids"`
	Comment   string         `json:"comment"`
	Timestamp string         `json:"timestamp"` // seconds since 1970
	FirstSeen string         `json:"first_seen,omitempty"`
	LastSeen  string         `json:"last_seen,omitempty"`
	Tag       []AttributeTag `json:"Tag,omitempty"`
}

// AttributeTag is a label in MISP's machine tag notation.
type AttributeTag struct {
	Name string `json:"name"`
}

// attributeTypes are the MISP type and category under which a type is written.
// Source: MISP's describeTypes.
var attributeTypes = map[indicator.Type][2]string{
	indicator.IPv4: {"ip-dst", "Network activity"}, indicator.IPv6: {"ip-dst", "Network activity"},
	indicator.IPv4Port: {"ip-dst|port", "Network activity"}, indicator.IPv6Port: {"ip-dst|port", "Network activity"},
	indicator.Domain: {"domain", "Network activity"}, indicator.DomainPort: {"hostname|port", "Network activity"},
	indicator.URL: {"url", "Network activity"}, indicator.Email: {"email-src", "Payload delivery"},
	indicator.MD5: {"md5", "Payload delivery"}, indicator.SHA1: {"sha1", "Payload delivery"},
	indicator.SHA256: {"sha256", "Payload delivery"}, indicator.SHA512: {"sha512", "Payload delivery"},
	indicator.FileName: {"filename", "Payload delivery"},
	indicator.CertSHA1: {"x509-fingerprint-sha1", "Network activity"}, indicator.CertSHA256: {"x509-fingerprint-sha256", "Network activity"},
	indicator.JA3: {"ja3-fingerprint-md5", "Network activity"}, indicator.ASN: {"AS", "Network activity"},
	indicator.MAC: {"mac-address", "Network activity"}, indicator.Mutex: {"mutex", "Artifacts dropped"},
	indicator.RegistryKey: {"regkey", "Artifacts dropped"}, indicator.UserAgent: {"user-agent", "Network activity"},
	indicator.Vulnerability: {"vulnerability", "External analysis"}, indicator.Pattern: {"stix2-pattern", "Payload delivery"},
}

// AttributeOf returns an indicator as an attribute; ok is false for types that
// MISP has no attribute for.
func AttributeOf(i indicator.Indicator, typeOf func(name string) string) (a Attribute, ok bool) {
	as, ok := attributeTypes[i.Type]
	if !ok {
		return a, false
	}
	a = Attribute{
		UUID: i.ID, Type: as[0], Category: as[1], Value: i.Value, ToIDs: true, Timestamp: strconv.FormatInt(max(i.LastSeen.Unix(), 0), 10),
		FirstSeen: moment(i.FirstSeen), LastSeen: moment(i.LastSeen), Tag: tags(i, typeOf),
	}
	if strings.HasSuffix(a.Type, "|port") {
		at := strings.LastIndexByte(i.Value, ':')
		if at < 0 {
			return a, false
		}
		a.Value = strings.Trim(i.Value[:at], "[]") + "|" + i.Value[at+1:]
	}
	return a, true
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000-07:00")
}

const confidenceTag = "misp:confidence-level="

// tags carries what an attribute has no member for.
func tags(i indicator.Indicator, typeOf func(name string) string) []AttributeTag {
	var out []AttributeTag
	if l := i.TLP.String(); l != "" {
		out = append(out, AttributeTag{strings.ToLower(l)})
	}
	out = append(out, AttributeTag{confidenceTag + `"` + confidenceWord(i.Confidence) + `"`})
	for _, n := range i.Names {
		galaxy := "tool"
		switch typeOf(n) {
		case "threat-actor", "intrusion-set", "campaign":
			galaxy = "threat-actor"
		}
		out = append(out, AttributeTag{"misp-galaxy:" + galaxy + `="` + strings.ReplaceAll(n, `"`, "'") + `"`})
	}
	if i.KillChain != "" {
		out = append(out, AttributeTag{"kill-chain:" + i.KillChain})
	}
	for _, t := range i.Tags {
		if !strings.HasPrefix(t, confidenceTag) && t != "kill-chain:"+i.KillChain {
			out = append(out, AttributeTag{t})
		}
	}
	return out
}

// confidenceWord is the nearest word of MISP's confidence taxonomy.
func confidenceWord(n int) string {
	switch {
	case n >= 88:
		return "completely-confident"
	case n >= 63:
		return "usually-confident"
	case n >= 38:
		return "fairly-confident"
	case n >= 13:
		return "rarely-confident"
	}
	return "unconfident"
}

// Add writes one indicator. dropped is "type" when MISP cannot say it.
func (e *EventWriter) Add(i indicator.Indicator) (dropped string, err error) {
	a, ok := AttributeOf(i, e.typeOf)
	if !ok {
		return "type", nil
	}
	if e.count == eventSize {
		if err := e.event(false); err != nil {
			return "", err
		}
	}
	if e.count > 0 {
		e.buf.WriteString(",\n")
	}
	if err := e.json.Encode(a); err != nil {
		return "", err
	}
	e.buf.Truncate(e.buf.Len() - 1)
	e.count++
	return "", nil
}

// event writes the event that was filled.
func (e *EventWriter) event(last bool) error {
	before := `,` + "\n"
	switch {
	case e.events == 0 && last: // the only one
		before = ""
	case e.events == 0:
		before = `{"response":[`
	}
	e.events++
	head, err := json.Marshal(struct {
		UUID         string `json:"uuid"`
		Info         string `json:"info"`
		Date         string `json:"date"`
		Timestamp    string `json:"timestamp"`
		Published    bool   `json:"published"`
		Analysis     string `json:"analysis"`        // 2 = completed
		ThreatLevel  string `json:"threat_level_id"` // 4 = undefined
		Distribution string `json:"distribution"`    // 0 = your organisation only
	}{
		uuid.NewSHA1(e.id, []byte(strconv.Itoa(e.events))).String(), fmt.Sprintf("Vedette export, part %d", e.events), e.made.Format(time.DateOnly),
		strconv.FormatInt(e.made.Unix(), 10), false, "2", "4", "0",
	})
	if err != nil {
		return err
	}
	for _, part := range [][]byte{[]byte(before + `{"Event":`), head[:len(head)-1], []byte(`,"Attribute":[` + "\n"), e.buf.Bytes(), []byte("\n]}}")} {
		if _, err := e.w.Write(part); err != nil {
			return err
		}
	}
	e.buf.Reset()
	e.count = 0
	return nil
}

// Close ends the export. It does not close the writer below.
func (e *EventWriter) Close() error {
	several := e.events > 0
	if err := e.event(true); err != nil {
		return err
	}
	end := "\n"
	if several {
		end = "]}\n"
	}
	_, err := io.WriteString(e.w, end)
	return err
}
