package vuln

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/stix"
)

// stixNamespace is that of deterministic ids, as STIX prescribes.
var stixNamespace = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7")

type object struct {
	Type   string  `json:"type"`
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Record *Record `json:"x_vedette_record"`
}

// Object is a record as it travels with other intelligence.
func (r Record) Object() (stix.Object, error) {
	o := object{"vulnerability", "vulnerability--" + uuid.NewSHA1(stixNamespace, []byte(r.CVE)).String(), r.CVE, &r}
	raw, err := json.Marshal(o)
	return stix.Object{Type: o.Type, ID: o.ID, Name: o.Name, Raw: raw}, err
}

// OfObject returns the record in an object made by Object; ok is false for others.
func OfObject(o stix.Object) (Record, bool) {
	if o.Type != "vulnerability" {
		return Record{}, false
	}
	var in object
	if json.Unmarshal(o.Raw, &in) != nil || in.Record == nil || in.Record.CVE == "" {
		return Record{}, false
	}
	return *in.Record, true
}
