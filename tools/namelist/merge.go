package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/extract"
)

// clusters are the files that are read, in the order of trust.
var clusters = []struct {
	file string
	kind extract.Kind
}{
	{"threat-actor", extract.Actor},
	{"microsoft-activity-group", extract.Actor},
	{"360net", extract.Actor},
	{"tidal-groups", extract.Actor},
	{"malpedia", extract.Malware},
	{"ransomware", extract.Malware},
	{"rat", extract.Malware},
	{"stealer", extract.Malware},
	{"banker", extract.Malware},
	{"botnet", extract.Malware},
	{"backdoor", extract.Malware},
	{"android", extract.Malware},
	{"cryptominers", extract.Malware},
	{"wiper", extract.Malware},
	{"exploit-kit", extract.Malware},
	{"tool", extract.Malware},
	{"tidal-software", extract.Malware},
	{"rmm-tool", extract.Tool},
	{"tidal-campaigns", extract.Campaign},
}

type value struct {
	Value string
	UUID  string
	Meta  struct {
		Synonyms []string
		ISO      string
		ISO3     string
		Country  string
		Type     []string
		Software string `json:"software_attack_id"`
		Group    string `json:"group_attack_id"`
	}
	Related []struct {
		Dest string `json:"dest-uuid"`
		Type string
	}
}

type merger struct {
	entities []*extract.Entity
	byUUID   map[string]int
	byName   map[string][]int // class and name
	byMain   map[string][]int // the same, of first names only
	byID     map[string]int
}

func class(k extract.Kind) string {
	if k == extract.Malware || k == extract.Tool {
		return "software"
	}
	return string(k)
}

func key(k extract.Kind, name string) string {
	name, _, _ = strings.Cut(name, " (")
	if class(k) == "software" {
		for _, word := range []string{" ransomware", " malware", " stealer", " trojan", " backdoor"} {
			if short := strings.TrimSuffix(strings.ToLower(name), word); len(short) > 3 {
				name = short
			}
		}
	}
	return class(k) + " " + strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(name))
}

// merged reads everything and makes one entity of what is one.
func merged(dir string) ([]extract.Entity, error) {
	m := &merger{byUUID: map[string]int{}, byName: map[string][]int{}, byMain: map[string][]int{}, byID: map[string]int{}}
	if err := m.attack(); err != nil {
		return nil, err
	}
	for _, c := range clusters {
		values, err := readCluster(filepath.Join(dir, c.file+".json"))
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			m.value(c.kind, c.file, v)
		}
	}
	for _, name := range moreTools {
		if len(m.sharing(extract.Tool, []string{name})) == 0 {
			m.add(extract.Entity{Kind: extract.Tool, Name: name}, "tool "+name)
		}
	}
	if err := m.places(dir); err != nil {
		return nil, err
	}
	places := map[string]bool{}
	for _, e := range m.entities {
		if e.Kind == extract.Country || e.Kind == extract.Sector {
			places[strings.ToLower(e.Name)] = true
			for _, a := range e.Aliases {
				places[strings.ToLower(a)] = true
			}
		}
	}
	out := make([]extract.Entity, 0, len(m.entities))
	for _, e := range m.entities {
		if e.Kind != extract.Country && e.Kind != extract.Sector { // "Russian" is where somebody is from
			e.Aliases = slices.DeleteFunc(e.Aliases, func(a string) bool { return places[strings.ToLower(a)] })
		}
		slices.Sort(e.Aliases)
		e.Aliases = slices.Compact(e.Aliases)
		e.Aliases = slices.DeleteFunc(e.Aliases, func(a string) bool { return a == e.Name || len(a) > 60 })
		out = append(out, *e)
	}
	return out, nil
}

func (m *merger) attack() error {
	c, err := content.Attack()
	if err != nil {
		return err
	}
	kinds := map[string]extract.Kind{"intrusion-set": extract.Actor, "malware": extract.Malware, "tool": extract.Tool, "campaign": extract.Campaign}
	for e := range c.Entities() {
		kind, ok := kinds[e.Type]
		if !ok {
			continue
		}
		id := e.AttackID
		if now, ok := c.Current(id); ok && now.AttackID != id { // taken back: its names are its successor's
			if at, ok := m.byUUID[uuidOf(now.STIX)]; ok {
				m.names(at, kind, append(e.Aliases, e.Name))
				m.byUUID[uuidOf(e.STIX)] = at
				continue
			}
			id = now.AttackID
		}
		at := m.add(extract.Entity{Kind: kind, Name: e.Name, ID: string(id)}, uuidOf(e.STIX))
		m.names(at, kind, e.Aliases)
	}
	return nil
}

func uuidOf(stix string) string { return stix[strings.Index(stix, "--")+2:] }

func (m *merger) add(e extract.Entity, uuid string) int {
	at := len(m.entities)
	m.entities = append(m.entities, &e)
	m.byUUID[uuid] = at
	k := key(e.Kind, e.Name)
	m.byName[k], m.byMain[k] = append(m.byName[k], at), append(m.byMain[k], at)
	if e.ID != "" {
		m.byID[e.ID] = at
	}
	return at
}

func (m *merger) names(at int, kind extract.Kind, names []string) {
	for _, n := range names {
		n = strings.TrimSpace(n)
		if n == "" || slices.Contains(m.entities[at].Aliases, n) || n == m.entities[at].Name {
			continue
		}
		m.entities[at].Aliases = append(m.entities[at].Aliases, n)
		if k := key(kind, n); !slices.Contains(m.byName[k], at) {
			m.byName[k] = append(m.byName[k], at)
		}
	}
}

// value merges an entry of a cluster into what is there: what it says is the same,
// or what alone has its name.
func (m *merger) value(kind extract.Kind, file string, v value) {
	if (file == "tool" || file == "tidal-software") && slices.ContainsFunc(v.Meta.Type, func(s string) bool { return strings.EqualFold(s, "HackTool") || strings.EqualFold(s, "Tool") }) {
		kind = extract.Tool
	}
	at, ok := m.byUUID[v.UUID]
	if to, known := m.byID[v.Meta.Software+v.Meta.Group]; !ok && known && class(m.entities[to].Kind) == class(kind) {
		at, ok = to, true
	}
	for _, r := range v.Related {
		if to, known := m.byUUID[r.Dest]; !ok && known && r.Type == "similar" && class(m.entities[to].Kind) == class(kind) {
			at, ok = to, true
		}
	}
	if there := m.byMain[key(kind, v.Value)]; !ok && len(there) == 1 {
		at, ok = there[0], true
	}
	if there := m.byName[key(kind, v.Value)]; !ok && len(there) == 1 {
		at, ok = there[0], true
	}
	if !ok && class(kind) == "software" { // actors that share one alias are not merged
		if there := m.sharing(kind, append(v.Meta.Synonyms, v.Value)); len(there) == 1 {
			at, ok = there[0], true
		}
	}
	if !ok {
		at = m.add(extract.Entity{Kind: kind, Name: strings.TrimSpace(v.Value)}, v.UUID)
	}
	m.byUUID[v.UUID] = at
	m.names(at, kind, append(v.Meta.Synonyms, v.Value))
}

// sharing lists the entities that have one of the names.
func (m *merger) sharing(kind extract.Kind, names []string) []int {
	var out []int
	for _, n := range names {
		for _, at := range m.byName[key(kind, n)] {
			if !slices.Contains(out, at) {
				out = append(out, at)
			}
		}
	}
	return out
}

func (m *merger) places(dir string) error {
	sectors, err := readCluster(filepath.Join(dir, "sector.json"))
	if err != nil {
		return err
	}
	for _, v := range sectors {
		if dropped[v.Value] {
			continue
		}
		at := m.add(extract.Entity{Kind: extract.Sector, Name: v.Value}, v.UUID)
		m.names(at, extract.Sector, append(v.Meta.Synonyms, moreSectors[v.Value]...))
	}
	countries, err := readCluster(filepath.Join(dir, "country.json"))
	if err != nil {
		return err
	}
	for _, v := range countries {
		name := title(v.Value)
		at := m.add(extract.Entity{Kind: extract.Country, Name: name, ID: v.Meta.ISO}, v.UUID)
		m.names(at, extract.Country, demonyms[v.Meta.ISO])
	}
	return nil
}

// title writes "united kingdom" as a name.
func title(s string) string {
	ws := strings.Fields(s)
	for i, w := range ws {
		if w != "and" && w != "of" && w != "the" {
			ws[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(ws, " ")
}

// readCluster reads NAME.json or NAME.json.gz.
func readCluster(path string) ([]value, error) {
	var r io.Reader
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if f, err = os.Open(path + ".gz"); err == nil {
			r, err = gzip.NewReader(f)
		}
	} else {
		r = f
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var c struct{ Values []value }
	if err := json.NewDecoder(r).Decode(&c); err != nil {
		return nil, err
	}
	return c.Values, nil
}
