// Package galaxy reads the clusters of MISP galaxies: actors, malware, tools,
// techniques and sectors with their synonyms, what countries and sectors actors
// target, and how all of these relate. [Parser] implements collect.Parser; each
// value becomes a STIX object with the cluster's UUID, which for clusters made of
// ATT&CK is ATT&CK's own.
package galaxy

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/stix"
)

// Parser reads cluster files.
type Parser struct{}

// Kind returns "galaxy".
func (Parser) Kind() string { return "galaxy" }

// Recognise knows a cluster, and the file that describes its galaxy, by the names
// of their members.
func (Parser) Recognise(_ string, head []byte) int {
	s := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	if !strings.HasPrefix(s, "{") {
		return 0
	}
	switch {
	case strings.Contains(s, `"authors":[`) && strings.Contains(s, `"category":`):
		return 96
	case strings.Contains(s, `"namespace":`) && strings.Contains(s, `"icon":`):
		return 96
	}
	return 0
}

// file is a cluster file, or the description of a galaxy, which has no values.
type file struct {
	Type      string  `json:"type"`
	Source    string  `json:"source"`
	Namespace string  `json:"namespace"`
	Values    []value `json:"values"`
}

type value struct {
	UUID        string    `json:"uuid"`
	Value       string    `json:"value"`
	Description string    `json:"description"`
	Revoked     bool      `json:"revoked"`
	Meta        meta      `json:"meta"`
	Related     []related `json:"related"`
}

// meta is what the product reads of a value's meta. Lists are sometimes a single
// text.
type meta struct {
	Synonyms   texts `json:"synonyms"`
	Refs       texts `json:"refs"`
	ExternalID texts `json:"external_id"`
	Country    texts `json:"country"`
	Victims    texts `json:"cfr-suspected-victims"`
	Suspected  texts `json:"suspected-victims"`
	Categories texts `json:"cfr-target-category"`
	Sectors    texts `json:"targeted-sector"`
}

type related struct {
	Dest string `json:"dest-uuid"`
	Type string `json:"type"`
}

// texts is a list of texts, or one text.
type texts []string

// UnmarshalJSON reads either; anything else is no text.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	var list []any
	switch {
	case json.Unmarshal(b, &one) == nil:
		*t = texts{one}
	case json.Unmarshal(b, &list) == nil:
		for _, e := range list {
			if s, ok := e.(string); ok {
				*t = append(*t, s)
			}
		}
	}
	return nil
}

// kinds are the clusters whose values the knowledge base has a place for, with
// their STIX types. The values of others are counted, not kept.
var kinds = map[string]string{
	"threat-actor": "threat-actor", "microsoft-activity-group": "threat-actor", "360net-threat-actor": "threat-actor", "groups": "intrusion-set",
	"mitre-intrusion-set": "intrusion-set", "mitre-enterprise-attack-intrusion-set": "intrusion-set", "mitre-mobile-attack-intrusion-set": "intrusion-set", "mitre-ics-groups": "intrusion-set",
	"malpedia": "malware", "ransomware": "malware", "botnet": "malware", "banker": "malware", "backdoor": "malware", "stealer": "malware", "android": "malware",
	"rat": "malware", "wiper": "malware", "cryptominers": "malware", "stalkerware": "malware", "exploit-kit": "malware", "tds": "malware",
	"mitre-malware": "malware", "mitre-enterprise-attack-malware": "malware", "mitre-mobile-attack-malware": "malware", "mitre-ics-software": "malware",
	"tool": "tool", "rmm-tool": "tool", "mitre-tool": "tool", "mitre-enterprise-attack-tool": "tool", "mitre-mobile-attack-tool": "tool", "software": "tool",
	"mitre-attack-pattern": "attack-pattern", "mitre-enterprise-attack-attack-pattern": "attack-pattern", "mitre-mobile-attack-attack-pattern": "attack-pattern", "mitre-ics-techniques": "attack-pattern",
	"mitre-course-of-action": "course-of-action", "mitre-enterprise-attack-course-of-action": "course-of-action", "mitre-mobile-attack-course-of-action": "course-of-action",
	"campaigns": "campaign", "branded-vulnerability": "vulnerability",
}

// maxFile bounds a cluster file; the largest published one has 15 MB.
const maxFile = 256 << 20

// Parse implements collect.Parser. It holds one file, which the format makes it do.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	var f file
	if ok, err := in.Document("galaxy cluster", maxFile, &f); !ok {
		return err
	}
	if f.Type == "" {
		return errs.New(errs.Invalid, "no_galaxy", "%s, line 1: a galaxy cluster has a type and values; this has not.", in.Name)
	}
	return f.pass(ctx, out)
}

// pass hands the values over.
func (f *file) pass(ctx context.Context, out collect.Sink) error {
	kind, known := kinds[f.Type]
	ids := map[string]string{}
	for _, v := range f.Values {
		ids[v.UUID] = kind + "--" + v.UUID
	}
	for i, v := range f.Values {
		switch _, err := uuid.Parse(v.UUID); {
		case ctx.Err() != nil:
			return ctx.Err()
		case !known:
			out.Drop("galaxy:"+f.Type, i+1, v.Value)
			continue
		case err != nil || strings.TrimSpace(v.Value) == "":
			out.Drop("no-name", i+1, v.UUID)
			continue
		}
		if err := out.Object(f.object(kind, v, i+1)); err != nil {
			return err
		}
		for _, r := range v.Related {
			to, here := ids[r.Dest]
			if !here || r.Type == "" {
				out.Drop("relation-outside", i+1, v.Value+" "+r.Type+" "+r.Dest)
				continue
			}
			if err := out.Object(relation(ids[v.UUID], r.Type, to, i+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// space is where the ids of relations come from: they have none of their own.
var space = uuid.MustParse("8f1d1b54-29a3-5f0e-9a53-3c2b0d1ad1f0")

func relation(from, kind, to string, line int) stix.Object {
	o := stix.Object{
		Type: "relationship", ID: "relationship--" + uuid.NewSHA1(space, []byte(from+" "+kind+" "+to)).String(), Line: line,
		RelationshipType: kind, SourceRef: from, TargetRef: to,
	}
	o.Raw, _ = json.Marshal(o)
	return o
}

// object is a value as STIX; what STIX has no place for stands in x_misp_galaxy.
func (f *file) object(kind string, v value, line int) stix.Object {
	aliases := slices.DeleteFunc(slices.Clone([]string(v.Meta.Synonyms)), func(s string) bool { return strings.TrimSpace(s) == "" || s == v.Value })
	o := stix.Object{Type: kind, ID: kind + "--" + v.UUID, Name: v.Value, Description: v.Description, Aliases: aliases, Revoked: v.Revoked, Line: line}
	for _, id := range v.Meta.ExternalID {
		o.ExternalReferences = append(o.ExternalReferences, stix.ExternalReference{SourceName: f.sourceName(), ExternalID: id})
	}
	for _, url := range v.Meta.Refs[:min(len(v.Meta.Refs), 20)] {
		if f.ofATTACK() && strings.HasPrefix(url, "https://attack.mitre.org/") && len(o.ExternalReferences) > 0 && o.ExternalReferences[0].URL == "" {
			o.ExternalReferences[0].URL = url
			continue
		}
		o.ExternalReferences = append(o.ExternalReferences, stix.ExternalReference{SourceName: "reference", URL: url})
	}
	var raw struct {
		stix.Object
		Galaxy any `json:"x_misp_galaxy"`
	}
	raw.Object = o
	raw.Galaxy = map[string]any{
		"type": f.Type, "url": first(v.Meta.Refs), "country": first(v.Meta.Country),
		"victims": slices.Concat(v.Meta.Victims, v.Meta.Suspected), "sectors": slices.Concat(v.Meta.Sectors, v.Meta.Categories),
	}
	o.Raw, _ = json.Marshal(raw)
	return o
}

// ofATTACK reports whether the cluster is made of ATT&CK.
func (f *file) ofATTACK() bool { return strings.HasPrefix(f.Type, "mitre-") }

func (f *file) sourceName() string {
	if f.ofATTACK() {
		return "mitre-attack"
	}
	return "misp-galaxy"
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
