package collect

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// DetectionRule is a rule of another engine, to be kept as it is: a STIX indicator
// whose pattern is the rule.
type DetectionRule struct {
	Type        string // pattern_type: yara, suricata, snort
	Name        string
	Text        string // whole: with what it needs to be loaded alone
	Description string
	Labels      []string
	Date        time.Time // when it was made; zero = it does not say
	Modified    time.Time
	References  []stix.ExternalReference
	Meta        map[string]string
	Line        int
}

// rules is the namespace of the ids of rules.
var rules = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://vedette-soc.github.io/detection-rule"))

// undated stands for a time that a rule does not say: STIX wants one.
var undated = time.Unix(0, 0).UTC()

// Object returns the rule as an object. The same text is the same object, wherever it
// was read: a rule that was changed is another one.
func (r DetectionRule) Object(in Input) (stix.Object, error) {
	o := stix.Object{
		Type: "indicator", ID: "indicator--" + uuid.NewSHA1(rules, []byte(r.Type+"\x00"+r.Text)).String(), SpecVersion: "2.1",
		Created: undated, Name: r.Name, Description: r.Description, Labels: union(union(r.Labels, in.Options.Names), in.Options.Tags),
		Confidence: in.Options.Confidence, ExternalReferences: r.References, Line: r.Line,
	}
	if !r.Date.IsZero() {
		o.Created = r.Date
	}
	o.Modified = o.Created
	if r.Modified.After(o.Created) {
		o.Modified = r.Modified
	}
	if in.Options.TLP != indicator.TLPUnknown {
		o.ObjectMarkingRefs = []string{stix.MarkingID(in.Options.TLP)}
	}
	raw, err := json.Marshal(struct {
		stix.Object
		Pattern     string            `json:"pattern"`
		PatternType string            `json:"pattern_type"`
		ValidFrom   time.Time         `json:"valid_from"`
		Meta        map[string]string `json:"x_vedette_meta,omitempty"`
	}{o, r.Text, r.Type, o.Created, r.Meta})
	o.Raw = raw
	return o, err
}
