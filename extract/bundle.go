package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// Key tells a text from every other.
func (t Text) Key() string {
	sum := sha256.Sum256([]byte(t.Body))
	return hex.EncodeToString(sum[:])
}

// Report makes a STIX report of what was found and is not suppressed, each thing
// once, with the highest confidence it was found with.
func Report(name string, t Text, items []Item, published time.Time) stix.Report {
	if t.Title != "" {
		name = t.Title
	}
	r := stix.Report{Key: t.Key(), Name: name, Published: published}
	type key struct{ typ, value string }
	entities, values := map[key]int{}, map[key]int{}
	for _, it := range items {
		k := key{it.Type, it.Value}
		switch {
		case it.Suppressed != "" || it.Value == "":
		case it.Kind == Observable:
			at, ok := values[k]
			if !ok {
				at = len(r.Indicators)
				values[k] = at
				r.Indicators = append(r.Indicators, stix.ReportIndicator{Type: indicator.Type(it.Type), Value: it.Value, Description: it.Sentence})
			}
			r.Indicators[at].Confidence = max(r.Indicators[at].Confidence, it.Confidence)
		case it.Kind == Country && it.ID == "":
		default:
			at, ok := entities[k]
			if !ok {
				at = len(r.Entities)
				entities[k] = at
				r.Entities = append(r.Entities, stix.ReportEntity{Type: it.Type, Name: it.Value, ExternalID: it.ID})
			}
			r.Entities[at].Confidence = max(r.Entities[at].Confidence, it.Confidence)
		}
	}
	return r
}

// Bundle writes what was found and is not suppressed as a STIX 2.1 bundle with a
// report.
func Bundle(w io.Writer, name string, t Text, items []Item, published time.Time) error {
	_, err := stix.WriteReport(w, Report(name, t, items, published))
	return err
}
