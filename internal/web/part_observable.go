package web

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/respond"
)

// observable is how a value from outside is shown everywhere: defanged, with a
// menu that leads to our own pages and never to the thing itself.
type observable struct {
	Type     indicator.Type
	Value    string
	Incident string // id of the incident it is shown in; "" = none
}

// Shown is the value as it may stand on a page.
func (o observable) Shown() string {
	if strings.HasPrefix(string(o.Type), "file:") || o.Type == indicator.RegistryKey || o.Type == indicator.UserAgent || o.Type == indicator.Pattern {
		return o.Value
	}
	return indicator.Defang(o.Value)
}

// Brief is the value as it may stand in a table: the middle of a hash is left out.
func (o observable) Brief() string {
	if strings.HasPrefix(string(o.Type), "file:") {
		return brief(o.Value)
	}
	return o.Shown()
}

// longHash finds hashes of SHA-1's length and more.
var longHash = regexp.MustCompile(`\b[0-9a-fA-F]{40,128}\b`)

// brief leaves the middle out of the hashes in a text: what is left (96 bits)
// still tells them apart, and nobody reads the rest.
func brief(s string) string {
	return longHash.ReplaceAllStringFunc(s, func(h string) string { return h[:16] + "…" + h[len(h)-8:] })
}

func (o observable) query() url.Values {
	return url.Values{"type": {string(o.Type)}, "value": {o.Value}}
}

// LookupURL is the page of what is known of the value.
func (o observable) LookupURL() string { return "/lookup?" + o.query().Encode() }

// SearchURL finds indicators that hold the value.
func (o observable) SearchURL() string {
	return "/intel?" + url.Values{"q": {o.Value}, "state": {"all"}}.Encode()
}

// HuntURL asks the history for the value.
func (o observable) HuntURL() string {
	return "/hunt?" + url.Values{"q": {hunt.Quote(o.Value)}}.Encode()
}

// QueueURL finds incidents that hold the value.
func (o observable) QueueURL() string {
	return "/?" + url.Values{"q": {o.Value}, "state": {"all"}}.Encode()
}

// BlockURL is the preview of a block; "" when no list can carry the type.
func (o observable) BlockURL() string {
	if respond.ListKind(o.Type) == "" {
		return ""
	}
	q := o.query()
	if o.Incident != "" {
		q.Set("incident", o.Incident)
	}
	return "/blocks/new?" + q.Encode()
}
