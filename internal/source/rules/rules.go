// Package rules reads files of Suricata and Snort rules. Each rule becomes a STIX
// indicator whose pattern is the rule; what stands inside a rule is not taken for
// indicators. [Parser] implements collect.Parser.
package rules

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/stix"
)

// maxRule is how long a rule may be that goes on over several lines, in bytes.
const maxRule = 256 << 10

// Parser reads rules.
type Parser struct{}

// Kind returns "rules".
func (Parser) Kind() string { return "rules" }

var begins = regexp.MustCompile(`(?m)^[ \t]*#?[ \t]*(?:alert|drop|pass|reject|rejectsrc|rejectdst|rejectboth|log|activate|dynamic|sdrop)[ \t]+[a-z][a-z0-9-]*[ \t]+\S.*(?:->|<>|=>)[ \t]*\S.*\(`)

// Recognise knows a file by its name, or by a rule in its head.
func (Parser) Recognise(name string, head []byte) int {
	ext := strings.ToLower(path.Ext(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")))
	if slices.Contains(head, 0) {
		return 0
	}
	if begins.Match(head) {
		return 90
	}
	if ext == ".rules" && len(head) > 0 {
		return 60
	}
	return 0
}

// Parse implements collect.Parser. Rules that are commented out are counted as
// "disabled".
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	lines, err := in.Lines(ctx)
	if err != nil {
		return err
	}
	kind := "suricata"
	if strings.Contains(strings.ToLower(path.Base(in.Name)), "snort") {
		kind = "snort"
	}
	open, from := "", 0
	for lines.Next() {
		if fault := lines.Fault(); fault != "" {
			out.Drop(fault, lines.Number(), lines.Text())
			open = ""
			continue
		}
		if open == "" {
			from = lines.Number()
		}
		text := open + lines.Text()
		open = ""
		if rest, goesOn := strings.CutSuffix(strings.TrimRight(text, " \t"), `\`); goesOn && len(rest) < maxRule {
			open = rest
			continue
		}
		if err := give(in, out, kind, text, from); err != nil {
			return err
		}
	}
	if open != "" {
		out.Drop("unfinished-rule", from, open)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return nil
}

// give passes one line on, whole.
func give(in collect.Input, out collect.Sink, kind, text string, line int) error {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if text[0] == '#' {
		if begins.MatchString(text) {
			out.Drop("disabled", line, text)
		}
		return nil
	}
	r, fault := read(text)
	if fault != "" {
		out.Drop(fault, line, text)
		return nil
	}
	r.Type, r.Line = kind, line
	o, err := r.Object(in)
	if err != nil {
		return err
	}
	return out.Object(o)
}

// read reads what of a rule people look for.
func read(text string) (collect.DetectionRule, string) {
	r := collect.DetectionRule{Text: text, Meta: map[string]string{}}
	head, body, ok := strings.Cut(text, "(")
	words := strings.Fields(head)
	if !ok || !begins.MatchString(text) {
		return r, "not-a-rule"
	}
	body, ok = strings.CutSuffix(strings.TrimSpace(body), ")")
	if !ok {
		return r, "unfinished-rule"
	}
	r.Meta["action"], r.Meta["protocol"] = words[0], words[1]
	for _, o := range options(body) {
		switch o.key {
		case "msg":
			r.Name = o.value
		case "sid", "gid", "rev", "priority":
			r.Meta[o.key] = o.value
		case "classtype":
			r.Meta[o.key] = o.value
			r.Labels = append(r.Labels, o.value)
		case "reference":
			r.References = append(r.References, reference(o.value))
		case "metadata":
			metadata(&r, o.value)
		}
	}
	if r.Meta["sid"] == "" {
		return r, "no-sid"
	}
	if r.Name == "" {
		r.Name = "sid " + r.Meta["sid"]
	}
	return r, ""
}

// reference reads "url,example.com/x" or "cve,2024-1234".
func reference(s string) stix.ExternalReference {
	system, id, _ := strings.Cut(s, ",")
	system, id = strings.ToLower(strings.TrimSpace(system)), strings.TrimSpace(id)
	switch system {
	case "url":
		if !strings.Contains(id, "://") {
			id = "https://" + id
		}
		return stix.ExternalReference{SourceName: "url", URL: id}
	case "cve":
		if !strings.HasPrefix(strings.ToUpper(id), "CVE-") {
			id = "CVE-" + id
		}
		return stix.ExternalReference{SourceName: "cve", ExternalID: strings.ToUpper(id)}
	}
	return stix.ExternalReference{SourceName: system, ExternalID: id}
}

// labelled are metadata that say what a rule is about.
var labelled = map[string]bool{"malware_family": true, "tag": true, "mitre_technique_id": true, "attack_target": true, "signature_severity": true}

// metadata reads "created_at 2024_01_02, malware_family X".
func metadata(r *collect.DetectionRule, s string) {
	for pair := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		value = strings.TrimSpace(value)
		if key == "" || len(r.Meta) > 100 {
			continue
		}
		switch key {
		case "created_at":
			r.Date = day(value)
		case "updated_at":
			r.Modified = day(value)
		}
		if labelled[key] && value != "" && !slices.Contains(r.Labels, value) {
			r.Labels = append(r.Labels, value)
		}
		if have, ok := r.Meta[key]; ok {
			value = have + ", " + value
		}
		r.Meta[key] = value
	}
}

func day(s string) time.Time {
	t, err := time.Parse("2006-01-02", strings.ReplaceAll(s, "_", "-"))
	if err != nil {
		return time.Time{}
	}
	return t
}
