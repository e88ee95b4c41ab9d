package stix

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// ObservedData is what was seen at one time: the data of one observed-data
// object, against which patterns are evaluated.
type ObservedData struct {
	ID          string
	First, Last time.Time
	Number      int // how often, at least 1
	Objects     map[string]map[string]any
}

// maxInstances bounds how often one observed-data counts in a pattern with REPEATS.
const maxInstances = 10_000

// DecodeObserved reads the observed-data of a document: those of STIX 2.0, whose
// objects stand in them, and those of 2.1, whose objects stand beside them. Bare
// observables that no observed-data names make one observation without a time.
func DecodeObserved(r io.Reader, lim Limits) ([]ObservedData, error) {
	beside := map[string]map[string]any{}
	var order []string
	var seen []map[string]any
	err := DecodeBundle(r, lim, func(o Object) error {
		dec := json.NewDecoder(bytes.NewReader(o.Raw))
		dec.UseNumber()
		var members map[string]any
		if dec.Decode(&members) != nil {
			return nil
		}
		if o.Type == "observed-data" {
			seen = append(seen, members)
		} else if s := schemas[o.Type]; o.ID != "" && (s == nil || s.family == "sco") {
			beside[o.ID] = members
			order = append(order, o.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []ObservedData
	named := map[string]bool{}
	for _, o := range seen {
		out = append(out, observed(o, beside, named))
	}
	bare := ObservedData{Number: 1, Objects: map[string]map[string]any{}}
	for _, id := range order {
		if !named[id] {
			bare.Objects[id] = beside[id]
		}
	}
	if len(bare.Objects) > 0 && len(seen) == 0 {
		out = append(out, bare)
	}
	return out, nil
}

func observed(o map[string]any, beside map[string]map[string]any, named map[string]bool) ObservedData {
	d := ObservedData{First: moment(o["first_observed"]), Last: moment(o["last_observed"]), Number: 1, Objects: map[string]map[string]any{}}
	d.ID, _ = o["id"].(string)
	if n, ok := o["number_observed"].(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			d.Number = int(min(max(i, 1), maxInstances))
		}
	}
	within, _ := o["objects"].(map[string]any)
	for key, v := range within {
		if inner, ok := v.(map[string]any); ok {
			d.Objects[key] = inner
		}
	}
	refs, _ := o["object_refs"].([]any)
	for _, v := range refs {
		if id, ok := v.(string); ok && beside[id] != nil {
			d.take(id, beside, named)
		}
	}
	return d
}

// take adds an object and all that it refers to.
func (d *ObservedData) take(id string, beside map[string]map[string]any, named map[string]bool) {
	queue := []string{id}
	for len(queue) > 0 {
		id, queue = queue[0], queue[1:]
		o := beside[id]
		if o == nil || d.Objects[id] != nil {
			continue
		}
		d.Objects[id] = o
		named[id] = true
		queue = append(queue, references(o)...)
	}
}

// references lists what the _ref and _refs properties of a value name, at any depth.
func references(value any) (ids []string) {
	switch t := value.(type) {
	case map[string]any:
		for name, v := range t {
			switch s := v.(type) {
			case string:
				if isReference(name) {
					ids = append(ids, s)
				}
			case []any:
				if isReference(name) {
					for _, e := range s {
						if id, ok := e.(string); ok {
							ids = append(ids, id)
						}
					}
				}
				ids = append(ids, references(v)...)
			default:
				ids = append(ids, references(v)...)
			}
		}
	case []any:
		for _, e := range t {
			ids = append(ids, references(e)...)
		}
	}
	return ids
}
