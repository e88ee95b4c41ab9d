package attack

import (
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// document is the compact form: JSON, gzipped. Entities stand in the order of
// their ids and are named in relations by their places.
type document struct {
	Version  string   `json:"version"`
	Entities []record `json:"entities"`
}

type record struct {
	ID         ID       `json:"i"`
	UUID       string   `json:"u"`           // of the STIX id, in base64
	Tool       bool     `json:"l,omitempty"` // software: a tool, not malware
	Name       string   `json:"n"`
	Aliases    []string `json:"a,omitempty"`
	Domains    int      `json:"d"`           // bits, in the order of Domains
	Tactics    []string `json:"t,omitempty"` // short names
	Sectors    []string `json:"s,omitempty"` // targeted
	Places     []string `json:"p,omitempty"`
	Deprecated bool     `json:"o,omitempty"`
	Revoked    bool     `json:"r,omitempty"`
	ReplacedBy ID       `json:"b,omitempty"`
	// Targets by relationship type, in the order of relationTypes; each place
	// is written as its distance from the one before.
	Targets [len(relationTypes)][]int `json:"e,omitzero"`
}

// maxDocument bounds the compact form when unpacked, in bytes.
const maxDocument = 16 << 20

var stixTypes = map[Kind]string{
	Technique: "attack-pattern", Group: "intrusion-set", Software: "malware", Campaign: "campaign", Mitigation: "course-of-action",
}

// Encode writes entities and relations in the compact form. Relations with an end
// that is not among the entities, and entities without an id or name, are errors.
func Encode(w io.Writer, version string, entities []Entity, relations []Relation) error {
	entities = slices.Clone(entities)
	slices.SortFunc(entities, func(a, b Entity) int { return cmp.Compare(a.AttackID, b.AttackID) })
	doc := document{Version: version}
	at := map[string]int{}
	for i, e := range entities {
		r, err := pack(e)
		if err != nil {
			return err
		}
		if i > 0 && entities[i-1].AttackID == e.AttackID {
			return fmt.Errorf("%s is there twice: %s and %s", e.AttackID, entities[i-1].STIX, e.STIX)
		}
		at[e.STIX] = i
		doc.Entities = append(doc.Entities, r)
	}
	for _, r := range relations {
		from, known := at[r.From]
		to, known2 := at[r.To]
		kind := slices.Index(relationTypes[:], r.Type)
		if !known || !known2 || kind < 0 {
			return fmt.Errorf("relation %s %s %s: an end or the type is unknown", r.From, r.Type, r.To)
		}
		targets := &doc.Entities[from].Targets[kind]
		*targets = append(*targets, to)
	}
	for i := range doc.Entities {
		for k := range doc.Entities[i].Targets {
			doc.Entities[i].Targets[k] = deltas(doc.Entities[i].Targets[k])
		}
	}
	zip, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(zip)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		return err
	}
	return zip.Close()
}

func deltas(places []int) []int {
	slices.Sort(places)
	places = slices.Compact(places)
	for i := len(places) - 1; i > 0; i-- {
		places[i] -= places[i-1]
	}
	return places
}

func pack(e Entity) (record, error) {
	r := record{
		ID: e.AttackID, Tool: e.Type == "tool", Name: e.Name, Aliases: e.Aliases, Tactics: e.Tactics, Sectors: e.Sectors, Places: e.Places,
		Deprecated: e.Deprecated, Revoked: e.Revoked, ReplacedBy: e.ReplacedBy,
	}
	for i, d := range Domains {
		if slices.Contains(e.Domains, d) {
			r.Domains |= 1 << i
		}
	}
	_, uuid, _ := strings.Cut(e.STIX, "--")
	b, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	if err != nil || len(b) != 16 || e.Name == "" || e.AttackID.Kind() == "" || e.AttackID.Kind() == Tactic {
		return r, fmt.Errorf("entity %q (%s, %q) lacks a STIX id, ATT&CK id or name", e.STIX, e.AttackID, e.Name)
	}
	r.UUID = base64.RawURLEncoding.EncodeToString(b)
	return r, nil
}

// Decode reads the compact form that Encode writes.
func Decode(r io.Reader) (*Catalogue, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read the ATT&CK catalogue: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(zip, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = errors.New("it is too large")
	}
	var doc document
	if err == nil {
		err = json.Unmarshal(b, &doc)
	}
	if err != nil {
		return nil, fmt.Errorf("read the ATT&CK catalogue: %w", err)
	}
	c := &Catalogue{version: doc.Version, at: make(map[ID]int, len(doc.Entities)), entities: make([]Entity, 0, len(doc.Entities))}
	for i, r := range doc.Entities {
		e, err := r.unpack()
		if err == nil {
			c.at[e.AttackID] = i
			c.entities = append(c.entities, e)
			err = c.connect(i, r.Targets, len(doc.Entities))
		}
		if err != nil {
			return nil, fmt.Errorf("read the ATT&CK catalogue, entity %d: %w", i+1, err)
		}
	}
	c.back = slices.Clone(c.edges)
	slices.SortFunc(c.back, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.kind, b.kind), cmp.Compare(a.from, b.from))
	})
	return c, nil
}

func (r record) unpack() (Entity, error) {
	kind := r.ID.Kind()
	u, err := base64.RawURLEncoding.DecodeString(r.UUID)
	if err != nil || len(u) != 16 || stixTypes[kind] == "" || r.Name == "" {
		return Entity{}, fmt.Errorf("%q lacks an id or name", r.ID)
	}
	e := Entity{
		Type: stixTypes[kind], AttackID: r.ID, Name: r.Name, Aliases: r.Aliases, Tactics: r.Tactics, Sectors: r.Sectors, Places: r.Places,
		Deprecated: r.Deprecated, Revoked: r.Revoked, ReplacedBy: r.ReplacedBy,
	}
	if r.Tool && kind == Software {
		e.Type = "tool"
	}
	e.STIX = fmt.Sprintf("%s--%x-%x-%x-%x-%x", e.Type, u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	for i, d := range Domains {
		if r.Domains&(1<<i) != 0 {
			e.Domains = append(e.Domains, d)
		}
	}
	return e, nil
}

func (c *Catalogue) connect(from int, targets [len(relationTypes)][]int, n int) error {
	for kind, list := range targets {
		to := 0
		for _, distance := range list {
			if to += distance; distance < 0 || to >= n {
				return errors.New("a relation points nowhere")
			}
			c.edges = append(c.edges, edge{int32(from), int32(to), uint8(kind)})
		}
	}
	return nil
}
