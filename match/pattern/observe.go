package pattern

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// texts calls fn with every text that [Observe] puts into objects, with the field it
// stands in.
func texts(ev *event.Event, fn func(event.Observable)) {
	for _, o := range ev.Observables {
		fn(o)
	}
	for i := range properties {
		p := &properties[i]
		if p.number || i > 0 && properties[i-1].field == p.field {
			continue
		}
		if v := ev.Fields.String(p.field); v != "" {
			fn(event.Observable{Type: indicator.Pattern, Value: v, Field: p.field})
		}
	}
	each(ev, "registry.data.strings", func(v string) {
		fn(event.Observable{Type: indicator.Pattern, Value: v, Field: "registry.data.strings"})
	})
	if v := ev.Fields.String("registry.value"); v != "" {
		fn(event.Observable{Type: indicator.Pattern, Value: v, Field: "registry.value"})
	}
	for _, field := range protocols {
		if v := ev.Fields.String(field); v != "" {
			fn(event.Observable{Type: indicator.Pattern, Value: v, Field: field})
		}
	}
}

var protocols = []string{"network.type", "network.transport", "network.protocol"}

func each(ev *event.Event, field string, fn func(string)) {
	if _, ok := ev.Fields[field]; ok {
		for _, v := range ev.Fields.Strings(field) {
			fn(v)
		}
	}
}

// objects are those of one observation, by name.
type objects map[string]map[string]any

// Observe is an event as one observation, its letters small: an object for each
// observable, what belongs together (the hashes of a file, the sides of a connection)
// in one object, with the references between them that STIX has.
func Observe(ev *event.Event) stix.ObservedData {
	all := objects{}
	for _, o := range ev.Observables {
		all.observable(o)
	}
	for i := range properties {
		all.property(ev, &properties[i])
	}
	all.registry(ev)
	for _, field := range protocols {
		if v := ev.Fields.String(field); v != "" {
			o := all.of("traffic", "network-traffic")
			list, _ := o["protocols"].([]any)
			o["protocols"] = append(list, strings.ToLower(v))
		}
	}
	all.link(ev)
	return stix.ObservedData{First: ev.Time, Last: ev.Time, Number: 1, Objects: all}
}

// of returns the object of a name, which is made when there is none.
func (all objects) of(name, kind string) map[string]any {
	o := all[name]
	if o == nil {
		o = map[string]any{"type": kind}
		all[name] = o
	}
	return o
}

func (all objects) observable(o event.Observable) {
	value := strings.ToLower(o.Value)
	if kind, ok := valued[o.Type]; ok {
		all.of(value, kind)["value"] = value
		return
	}
	switch o.Type {
	case indicator.MD5, indicator.SHA1, indicator.SHA256, indicator.SHA512:
		all.hash(o, value, "file")
	case indicator.CertSHA1, indicator.CertSHA256:
		all.hash(o, value, "x509-certificate")
	case indicator.FileName:
		all.of(fileOf(o.Field, value), "file")["name"] = value
	case indicator.ASN:
		all.of("as/"+value, "autonomous-system")["number"] = json.Number(strings.TrimPrefix(value, "as"))
	case indicator.Mutex:
		all.of("mutex/"+value, "mutex")["name"] = value
	case indicator.RegistryKey:
		all.of("key/"+value, "windows-registry-key")["key"] = value
	case indicator.UserAccount:
		u := all.of("account/"+value, "user-account")
		u["account_login"], u["user_id"] = value, value
	}
}

// hash puts a hash to the others of its file: those whose fields begin alike.
func (all objects) hash(o event.Observable, value, kind string) {
	name := value
	if at := strings.Index(o.Field, ".hash."); at > 0 {
		name = fileOf(o.Field[:at]+".name", value)
		if kind == "x509-certificate" {
			name = "certificate"
		}
	}
	f := all.of(name, kind)
	list, ok := f["hashes"].(map[string]any)
	if !ok {
		list = map[string]any{}
		f["hashes"] = list
	}
	for _, algorithm := range hashes[o.Type] {
		list[algorithm] = value
	}
}

// fileOf is the name of the object of the file that a field names.
func fileOf(field, value string) string {
	switch field {
	case "process.name":
		return "image"
	case "process.parent.name":
		return "parent-image"
	case "file.name", "dll.name", "email.attachments.file.name":
		return strings.TrimSuffix(field, ".name")
	}
	return "file/" + value
}

func (all objects) property(ev *event.Event, p *property) {
	v := strings.ToLower(ev.Fields.String(p.field))
	if v == "" {
		return
	}
	if p.path[0] == "path" {
		at := strings.LastIndexAny(v, `\/`)
		if at <= 0 {
			return
		}
		if f := all.of(strings.TrimSuffix(p.object, "/directory"), "file"); f["name"] == nil {
			f["name"] = v[at+1:]
		}
		v = v[:at]
	}
	var value any = v
	if p.number {
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return
		}
		value = json.Number(v)
	}
	o := all.of(p.object, p.kind)
	for _, step := range p.path[:len(p.path)-1] {
		inner, ok := o[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			o[step] = inner
		}
		o = inner
	}
	o[p.path[len(p.path)-1]] = value
}

// registry puts the value that was set to its key.
func (all objects) registry(ev *event.Event) {
	var data []string
	each(ev, "registry.data.strings", func(v string) { data = append(data, strings.ToLower(v)) })
	name := strings.ToLower(ev.Fields.String("registry.value"))
	if name == "" && len(data) == 0 {
		return
	}
	value := map[string]any{}
	if name != "" {
		value["name"] = name
	}
	if len(data) > 0 {
		value["data"] = strings.Join(data, " ")
	}
	all.of("registry", "windows-registry-key")["values"] = []any{value}
}

func (all objects) link(ev *event.Event) {
	for _, r := range references {
		if all[r.from] != nil && all[r.to] != nil {
			all[r.from][r.property] = r.to
		}
	}
	for _, s := range sides {
		v := strings.ToLower(ev.Fields.String(s.field))
		if from := all[s.from]; from != nil && all[v] != nil && from[s.property] == nil {
			from[s.property] = v
		}
	}
	if name := all[strings.ToLower(ev.Fields.String("dns.question.name"))]; name != nil {
		var to []any
		each(ev, "dns.resolved_ip", func(v string) {
			if all[strings.ToLower(v)] != nil {
				to = append(to, strings.ToLower(v))
			}
		})
		if len(to) > 0 {
			name["resolves_to_refs"] = to
		}
	}
}
