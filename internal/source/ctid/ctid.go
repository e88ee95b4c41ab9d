// Package ctid reads the mapping files of the Center for Threat-Informed Defense
// (Mappings Explorer, JSON): which controls and products stand against which ATT&CK
// technique, and with which techniques known vulnerabilities are exploited. [Parser]
// implements collect.Parser; a control becomes a course of action, a CVE a
// vulnerability, and each mapping a relationship with the technique of the catalogue,
// of an id that was taken back with its successor.
package ctid

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/attack"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/stix"
)

// Parser reads mapping files. Catalogue knows the techniques they name.
type Parser struct {
	Catalogue func() (*attack.Catalogue, error)
}

// Kind returns "ctid".
func (Parser) Kind() string { return "ctid" }

// Recognise knows a mapping file by the names of its first members.
func (Parser) Recognise(_ string, head []byte) int {
	s := strings.TrimLeft(string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), " \t\r\n")
	if strings.HasPrefix(s, "{") && strings.Contains(s, `"mapping_framework"`) && strings.Contains(s, `"attack_version"`) {
		return 97
	}
	return 0
}

// file is a mapping file.
type file struct {
	Metadata struct {
		Framework string `json:"mapping_framework"`
		Version   string `json:"mapping_framework_version"`
		Attack    string `json:"attack_version"`
	} `json:"metadata"`
	Objects []mapping `json:"mapping_objects"`
}

type mapping struct {
	Capability  string   `json:"capability_id"`
	Description string   `json:"capability_description"`
	Type        string   `json:"mapping_type"`
	Technique   string   `json:"attack_object_id"`
	Comments    string   `json:"comments"`
	References  []string `json:"references"`
	Status      string   `json:"status"`
	Category    string   `json:"score_category"`
	Value       string   `json:"score_value"`
}

// maxFile bounds a mapping file; the largest published one has 2 MB.
const maxFile = 64 << 20

// Parse implements collect.Parser. It holds one file, which the format makes it do.
func (p Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	var f file
	if ok, err := in.Document("mapping file", maxFile, &f); !ok {
		return err
	}
	if f.Metadata.Framework == "" {
		return errs.New(errs.Invalid, "no_mapping", "%s, line 1: a mapping file names its mapping_framework; this does not.", in.Name)
	}
	cat, err := p.Catalogue()
	if err != nil {
		return err
	}
	r := reading{file: &f, catalogue: cat, out: out, told: map[string]bool{}}
	for i, m := range f.Objects {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.pass(m, i+1); err != nil {
			return err
		}
	}
	return nil
}

// reading hands the mappings of one file over.
type reading struct {
	file      *file
	catalogue *attack.Catalogue
	out       collect.Sink
	told      map[string]bool // ids of objects
}

var vulnerability = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// relations are the words for how a vulnerability and a technique belong together.
var relations = map[string]string{"exploitation_technique": "exploited-with", "primary_impact": "leads-to", "secondary_impact": "may-lead-to"}

// pass turns a mapping into what it relates and the relation; what it leaves out it
// counts.
func (r *reading) pass(m mapping, n int) error {
	sample := strings.TrimSpace(m.Capability + " " + m.Type + " " + m.Technique)
	id, err := attack.ParseID(m.Technique)
	switch {
	case m.Status == "non_mappable" || m.Type == "non_mappable":
		r.out.Drop("non-mappable", n, sample)
		return nil
	case strings.TrimSpace(m.Capability) == "" || len(m.Capability) > 200:
		r.out.Drop("no-name", n, sample)
		return nil
	case m.Type == "related_to":
		r.out.Drop("no-defence", n, sample) // what incidents were called (VERIS) stands against nothing
		return nil
	case err != nil:
		r.out.Drop("no-technique", n, sample)
		return nil
	}
	technique, ok := r.catalogue.Current(id)
	if !ok || technique.Type != "attack-pattern" {
		r.out.Drop("unknown-technique", n, sample)
		return nil
	}
	from, kind := r.subject(m, n)
	if !r.told[from.ID] {
		r.told[from.ID] = true
		if err := r.out.Object(from); err != nil {
			return err
		}
	}
	rel := r.relation(from.ID, kind, technique.STIX, m, n)
	if r.told[rel.ID] {
		r.out.Drop("twice", n, sample)
		return nil
	}
	r.told[rel.ID] = true
	return r.out.Object(rel)
}

// space is where ids come from: mapping files have none.
var space = uuid.MustParse("0c8c31c7-5f3d-5b6e-8f0a-6b1a2ab94d0e")

func idOf(kind, name string) string {
	return kind + "--" + uuid.NewSHA1(space, []byte(kind+" "+name)).String()
}

// subject is the vulnerability or the control of a mapping, and how it relates.
func (r *reading) subject(m mapping, n int) (stix.Object, string) {
	if kind, ok := relations[m.Type]; ok && vulnerability.MatchString(m.Capability) {
		o := stix.Object{
			Type: "vulnerability", ID: stix.ProducedID("vulnerability", m.Capability), Name: m.Capability, Description: m.Description, Line: n,
			ExternalReferences: []stix.ExternalReference{{SourceName: "cve", ExternalID: m.Capability}},
		}
		o.Raw, _ = json.Marshal(o)
		return o, kind
	}
	framework := strings.ReplaceAll(r.file.Metadata.Framework, "_", " ")
	name := strings.ToUpper(framework) + " " + m.Capability
	if d := strings.TrimSpace(m.Description); d != "" && !strings.EqualFold(d, m.Capability) && len(d) <= 120 {
		name += " " + d
	}
	o := stix.Object{
		Type: "course-of-action", ID: idOf("course-of-action", framework+" "+m.Capability), Name: name, Description: m.Description, Line: n,
		ExternalReferences: []stix.ExternalReference{{SourceName: r.file.Metadata.Framework, ExternalID: m.Capability}},
	}
	o.Raw, _ = json.Marshal(o)
	switch m.Category {
	case "detect":
		return o, "detects"
	case "respond":
		return o, "responds-to"
	}
	return o, "mitigates"
}

func (r *reading) relation(from, kind, to string, m mapping, n int) stix.Object {
	o := stix.Object{
		Type: "relationship", ID: idOf("relationship", from+" "+kind+" "+to), Line: n,
		RelationshipType: kind, SourceRef: from, TargetRef: to, Description: m.Comments,
	}
	if m.Value != "" {
		o.Description = strings.TrimSpace(m.Category + ": " + m.Value + ". " + m.Comments)
	}
	for _, url := range m.References[:min(len(m.References), 20)] {
		o.ExternalReferences = append(o.ExternalReferences, stix.ExternalReference{SourceName: "reference", URL: url})
	}
	o.Raw, _ = json.Marshal(o)
	return o
}
