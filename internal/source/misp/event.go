package misp

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

// text reads what MISP writes as a string, now as a number, now as null.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		if s = string(b); s == "null" || s[0] == '{' || s[0] == '[' {
			s = ""
		}
	}
	*t = text(s)
	return nil
}

type tag struct {
	Name text `json:"name"`
}

type galaxy struct {
	Type    text `json:"type"`
	Cluster []struct {
		Value   text `json:"value"`
		TagName text `json:"tag_name"`
	} `json:"GalaxyCluster"`
}

type attribute struct {
	UUID      text       `json:"uuid"`
	Type      text       `json:"type"`
	Category  text       `json:"category"`
	Value     text       `json:"value"`
	Comment   text       `json:"comment"`
	FirstSeen text       `json:"first_seen"`
	LastSeen  text       `json:"last_seen"`
	ToIDs     boolean    `json:"to_ids"`
	Deleted   boolean    `json:"deleted"`
	Tag       []tag      `json:"Tag"`
	Galaxy    []galaxy   `json:"Galaxy"`
	Sighting  []sighting `json:"Sighting"`

	line int
}

// boolean reads true, 1, "1" and "true"; MISP has written all of them.
type boolean bool

func (v *boolean) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	*v = s == "true" || s == "1"
	return nil
}

func readAttribute(raw json.RawMessage) attribute {
	var a attribute
	if err := json.Unmarshal(raw, &a); err != nil {
		// Tags or galaxies of another shape do not cost the value.
		var plain struct {
			UUID, Type, Category, Value, Comment text
			ToIDs                                boolean `json:"to_ids"`
			Deleted                              boolean
		}
		_ = json.Unmarshal(raw, &plain)
		a = attribute{UUID: plain.UUID, Type: plain.Type, Category: plain.Category, Value: plain.Value, Comment: plain.Comment, ToIDs: plain.ToIDs, Deleted: plain.Deleted}
	}
	return a
}

// event is an event, or whatever object was found where one may stand.
type event struct {
	Attribute []attribute
	line      int
	info      text
	date      text
	tags      []tag
	galaxies  []galaxy
	own       map[string]json.RawMessage // members of a bare attribute
	manifest  int                        // members that look like manifest entries
	others    int                        // members that say nothing
	wrapper   bool                       // it held an event or a response
}

// isForeign reports whether an object at the top is JSON of another kind.
func (ev *event) isForeign() bool {
	return !ev.wrapper && ev.others > 0 && len(ev.Attribute) == 0 && len(ev.own) == 0 && ev.info == "" && ev.manifest == 0
}

func newEvent(line int) *event { return &event{line: line, own: map[string]json.RawMessage{}} }

// member keeps a member of the object other than its attributes.
func (ev *event) member(key string, raw json.RawMessage) {
	switch key {
	case "info":
		_ = json.Unmarshal(raw, &ev.info)
	case "date":
		_ = json.Unmarshal(raw, &ev.date)
	case "Tag":
		_ = json.Unmarshal(raw, &ev.tags)
		ev.own[key] = raw
	case "Galaxy":
		_ = json.Unmarshal(raw, &ev.galaxies)
		ev.own[key] = raw
	case "uuid", "type", "category", "value", "comment", "first_seen", "last_seen", "to_ids", "deleted", "Sighting":
		ev.own[key] = raw
	default:
		if isUUID(key) {
			ev.manifest++
		} else {
			ev.others++
		}
	}
}

// bare returns the attribute that the object itself is, if it is one.
func (ev *event) bare() (attribute, bool) {
	if ev.own["type"] == nil || ev.own["value"] == nil {
		return attribute{}, false
	}
	raw, err := json.Marshal(ev.own)
	if err != nil {
		return attribute{}, false
	}
	a := readAttribute(raw)
	a.line = ev.line
	return a, true
}

// emit passes on what the object holds.
func (d *decoder) emit(ev *event) error {
	if a, ok := ev.bare(); ok {
		ev.Attribute = append(ev.Attribute, a)
		ev.tags, ev.galaxies = nil, nil
	}
	for range ev.manifest {
		d.out.Drop("manifest-entry", ev.line, "")
	}
	about := ev.context()
	for _, a := range ev.Attribute {
		claims, reason := a.claims(about)
		if reason != "" {
			d.out.Drop(reason, a.line, string(a.Type)+": "+string(a.Value))
		}
		for _, c := range claims {
			d.in.Fill(&c)
			if err := d.out.Claim(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// context is what the event says of all its attributes.
func (ev *event) context() indicator.Claim {
	c := indicator.Claim{Layer: indicator.IOC, Comment: shorten(string(ev.info)), FirstSeen: moment(ev.date)}
	label(&c, ev.tags, ev.galaxies)
	for _, a := range ev.Attribute {
		if a.Type == "link" && strings.HasPrefix(string(a.Value), "http") {
			c.Reference = shorten(string(a.Value))
			break
		}
	}
	return c
}

func moment(t text) time.Time {
	for _, f := range []string{time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05.000000-0700"} {
		if at, err := time.Parse(f, string(t)); err == nil {
			return at.UTC()
		}
	}
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil && n > 0 && n < 1<<34 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

func add(list []string, s string) []string {
	if s = shorten(strings.TrimSpace(s)); s == "" || slices.Contains(list, s) || len(list) >= 256 {
		return list
	}
	return append(slices.Clip(list), s)
}

func shorten(s string) string {
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}
