package stix

import (
	"encoding/json"
	"io"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// Report is a report and what it is about, to be written as a bundle.
type Report struct {
	Key         string // what tells it from every other: the hash of its text
	Name        string
	Description string
	Published   time.Time
	Entities    []ReportEntity
	Indicators  []ReportIndicator
}

// ReportEntity is somebody or something that a report names.
type ReportEntity struct {
	Type       string // the STIX type
	Name       string
	ExternalID string // of ATT&CK, a CVE number, or the ISO 3166 code of a location
	Confidence int
}

// ReportIndicator is a value that a report gives as an indicator.
type ReportIndicator struct {
	Type        indicator.Type
	Value       string
	Description string // the sentence it stands in
	Confidence  int
}

// reportObject has the fields of all objects of such a bundle.
type reportObject struct {
	Type           string              `json:"type"`
	SpecVersion    string              `json:"spec_version"`
	ID             string              `json:"id"`
	Created        string              `json:"created"`
	Modified       string              `json:"modified"`
	Name           string              `json:"name,omitempty"`
	Description    string              `json:"description,omitempty"`
	Class          string              `json:"identity_class,omitempty"`
	IsFamily       *bool               `json:"is_family,omitempty"`
	Country        string              `json:"country,omitempty"`
	IndicatorTypes []string            `json:"indicator_types,omitempty"`
	Pattern        string              `json:"pattern,omitempty"`
	PatternType    string              `json:"pattern_type,omitempty"`
	ValidFrom      string              `json:"valid_from,omitempty"`
	ReportTypes    []string            `json:"report_types,omitempty"`
	Published      string              `json:"published,omitempty"`
	ObjectRefs     []string            `json:"object_refs,omitempty"`
	Confidence     int                 `json:"confidence,omitempty"`
	References     []ExternalReference `json:"external_references,omitempty"`
}

// WriteReport writes a report as a STIX 2.1 bundle. The same report gets the same
// ids, and so does the same indicator or name in another. A report about nothing
// becomes an empty bundle, since STIX has no such report. left counts the
// indicators that STIX cannot say.
func WriteReport(w io.Writer, r Report) (left int, err error) {
	at := Stamp(r.Published)
	bundle := struct {
		Type    string         `json:"type"`
		ID      string         `json:"id"`
		Objects []reportObject `json:"objects,omitempty"`
	}{Type: "bundle", ID: objectID("bundle", r.Key)}
	report := reportObject{
		Type: "report", SpecVersion: "2.1", ID: objectID("report", r.Key), Created: at, Modified: at, Name: r.Name, Description: r.Description,
		ReportTypes: []string{"threat-report"}, Published: at,
	}
	seen := map[string]bool{}
	add := func(o reportObject) {
		if !seen[o.ID] {
			seen[o.ID] = true
			bundle.Objects = append(bundle.Objects, o)
			report.ObjectRefs = append(report.ObjectRefs, o.ID)
		}
	}
	for _, e := range r.Entities {
		add(entityObject(e, at))
	}
	for _, i := range r.Indicators {
		o := reportObject{
			Type: "indicator", SpecVersion: "2.1", ID: objectID("indicator", string(i.Type)+" "+i.Value), Created: at, Modified: at, Name: i.Value, Description: i.Description,
			IndicatorTypes: []string{"malicious-activity"}, Pattern: PatternOf(i.Type, i.Value), PatternType: "stix", ValidFrom: at, Confidence: i.Confidence,
		}
		if o.Pattern == "" {
			left++
			continue
		}
		add(o)
	}
	if len(report.ObjectRefs) > 0 {
		bundle.Objects = append(bundle.Objects, report)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return left, enc.Encode(bundle)
}

func entityObject(e ReportEntity, at string) reportObject {
	o := reportObject{Type: e.Type, SpecVersion: "2.1", ID: objectID(e.Type, e.Name), Created: at, Modified: at, Name: e.Name, Confidence: e.Confidence}
	source := "mitre-attack"
	switch e.Type {
	case "malware":
		family := true
		o.IsFamily = &family
	case "identity":
		o.Class = "class"
	case "location":
		o.Country, source = e.ExternalID, ""
	case "vulnerability":
		source = "cve"
	}
	if source != "" && e.ExternalID != "" {
		o.References = []ExternalReference{{SourceName: source, ExternalID: e.ExternalID}}
	}
	return o
}
