// Package otx reads pulses of the Open Threat Exchange, as its API and exports give
// them: each indicator of a pulse becomes a claim with the pulse's adversary,
// malware families and techniques. [Parser] implements collect.Parser.
package otx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
)

// Parser reads pulses.
type Parser struct{}

// Kind returns "otx".
func (Parser) Kind() string { return "otx" }

// Recognise knows pulses by the names of their members.
func (Parser) Recognise(_ string, head []byte) int {
	s := strings.Join(strings.Fields(string(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))), "")
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		return 0
	}
	n := 0
	for _, sign := range []string{`"adversary":`, `"attack_ids":`, `"indicators":[`, `"malware_families":`, `"author_name":`, `"pulse_key":`, `"targeted_countries":`, `"prefetch_pulse_ids":`} {
		if strings.Contains(s, sign) {
			n++
		}
	}
	switch {
	case n >= 3:
		return 97
	case n == 2:
		return 80
	}
	return 0
}

// pulse is what is read of one.
type pulse struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	TLP        string   `json:"tlp"`
	Adversary  string   `json:"adversary"`
	Families   []any    `json:"malware_families"` // texts, or objects with display_name
	Tags       []string `json:"tags"`
	References []string `json:"references"`
	Indicators []entry  `json:"indicators"`
	Modified   string   `json:"modified"`
	AttackIDs  []any    `json:"attack_ids"`
	Results    []pulse  `json:"results"`
}

type entry struct {
	Type       string `json:"type"`
	Value      string `json:"indicator"`
	Title      string `json:"title"`
	Created    string `json:"created"`
	Expiration string `json:"expiration"`
	Active     *int   `json:"is_active"`
}

// kinds are OTX's types.
var kinds = map[string]indicator.Type{
	"IPv4": indicator.IPv4, "IPv6": indicator.IPv6, "CIDR": "", "domain": indicator.Domain, "hostname": indicator.Domain, "URL": indicator.URL, "URI": indicator.URL, "email": indicator.Email,
	"FileHash-MD5": indicator.MD5, "FileHash-SHA1": indicator.SHA1, "FileHash-SHA256": indicator.SHA256, "CVE": indicator.Vulnerability, "Mutex": indicator.Mutex, "JA3": indicator.JA3,
	"SSLCertFingerprint": "",
}

const maxFile = 512 << 20

// Parse implements collect.Parser. It holds one file, as names may follow what they
// name.
func (Parser) Parse(ctx context.Context, in collect.Input, out collect.Sink) error {
	limit := min(cmp.Or(in.MaxBytes, maxFile), maxFile)
	raw, err := io.ReadAll(io.LimitReader(in.Reader, limit+1))
	if err != nil {
		return errs.New(errs.Unavailable, "read_broken_off", "%s: reading broke off; get it again.", in.Name).Because(err)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case int64(len(raw)) > limit:
		return errs.New(errs.Invalid, "too_large", "%s has more than %d bytes, the limit for pulses.", in.Name, limit)
	case len(bytes.TrimSpace(raw)) == 0:
		return nil
	case collect.LooksLikeHTML(raw[:min(len(raw), 512)]):
		return errs.New(errs.Invalid, "web_page", "%s, line 1: this looks like a web page, not pulses; check the address and the key.", in.Name)
	}
	var all []pulse
	var one pulse
	if err = json.Unmarshal(raw, &all); err != nil {
		if err = json.Unmarshal(raw, &one); err == nil {
			all = append(one.Results, one)
		}
	}
	if err != nil {
		at := int64(len(raw))
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = s.Offset
		}
		return errs.New(errs.Invalid, "bad_json", "%s, line %d: these are no pulses: %v; get the file again.", in.Name, 1+bytes.Count(raw[:at], []byte("\n")), err)
	}
	found := false
	n := 0
	for _, p := range all {
		found = found || p.Name != "" || len(p.Indicators) > 0
		if err := p.pass(in, out, &n); err != nil {
			return err
		}
	}
	if !found {
		return errs.New(errs.Invalid, "no_pulse", "%s, line 1: there is no pulse in it; check the address.", in.Name)
	}
	return nil
}

// pass hands the indicators over; n counts them over the file.
func (p *pulse) pass(in collect.Input, out collect.Sink, n *int) error {
	names := p.names()
	for _, e := range p.Indicators {
		*n++
		kind, known := kinds[e.Type]
		switch {
		case !known:
			out.Drop("type-"+short(e.Type), *n, e.Value)
			continue
		case strings.TrimSpace(e.Value) == "":
			out.Drop("no-value", *n, e.Title)
			continue
		case e.Active != nil && *e.Active == 0:
			out.Drop("inactive", *n, e.Value)
			continue
		case e.Type == "SSLCertFingerprint":
			kind = indicator.CertSHA1
			if len(strings.ReplaceAll(e.Value, ":", "")) == 64 {
				kind = indicator.CertSHA256
			}
		}
		c := indicator.Claim{
			Type: kind, Raw: e.Value, Names: names, Tags: p.Tags[:min(len(p.Tags), 64)], TLP: indicator.ParseTLP(p.TLP), Layer: indicator.IOC, ExternalID: p.ID,
			Comment: cmp.Or(e.Title, p.Name), FirstSeen: moment(e.Created), LastSeen: moment(cmp.Or(e.Created, p.Modified)), ValidUntil: moment(e.Expiration), Line: *n,
		}
		if len(p.References) > 0 {
			c.Reference = p.References[0]
		}
		in.Fill(&c)
		if err := out.Claim(c); err != nil {
			return err
		}
	}
	return nil
}

// names are the adversary and the malware behind a pulse.
func (p *pulse) names() (out []string) {
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" && len(out) < 64 {
			out = append(out, s)
		}
	}
	add(p.Adversary)
	for _, f := range p.Families {
		switch f := f.(type) {
		case string:
			add(f)
		case map[string]any:
			name, _ := f["display_name"].(string)
			add(name)
		}
	}
	return out
}

func short(s string) string {
	if s == "" || len(s) > 30 {
		return "other"
	}
	return strings.ToLower(s)
}

// moment reads OTX's times, which have no zone and are UTC.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
