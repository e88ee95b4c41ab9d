package format

import (
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// Brief is what is asked of every event: what observables are made of, briefFields, and
// what the caller asks for. Decoders keep what they made for one; there should be few.
type Brief struct {
	also func(format, dataset string) func(field string) bool
	only bool
}

// NewBrief returns a Brief with the fields that also returns a test for, of the events of
// a format with that event.dataset, "" = any; nil = none.
func NewBrief(also func(format, dataset string) func(field string) bool) *Brief {
	return &Brief{also: also}
}

// NewBriefOnly is NewBrief for who asks for nothing but these fields, and makes no
// observables: decoders may leave out what every event is asked for otherwise.
func NewBriefOnly(fields func(format, dataset string) func(field string) bool) *Brief {
	return &Brief{also: fields, only: true}
}

// Of is what is asked of such events.
func (b *Brief) Of(format, dataset string) Asked {
	a := Asked{Only: b.only}
	if b.also != nil {
		a.also = b.also(format, dataset)
	}
	return a
}

// Asked says which fields the caller of a Brief asks for.
type Asked struct {
	Only bool // and for no others
	also func(field string) bool
}

// For says whether the caller asks for a field.
func (a Asked) For(field string) bool { return a.also != nil && a.also(field) }

// Wants says whether a field is needed for who makes observables as well.
func (a Asked) Wants(field string) bool { return ofAll[field] || a.For(field) }

// Needs says whether a field of a format that has one of Observables' default is needed:
// besides what Wants says the strings of records that no table describes; of these
// nothing but what the caller asks for when it asks for Only that.
func (a Asked) Needs(field string) bool {
	return a.For(field) || !a.Only && (ofAll[field] || strings.HasPrefix(field, unknownPrefix))
}

// Sources returns the fields of which rules make one that is needed.
func (a Asked) Sources(tables ...[]Rule) map[string]bool {
	names := map[string]bool{}
	for _, rules := range tables {
		for i := range rules {
			if a.Wants(rules[i].To) {
				names[rules[i].From] = true
			}
		}
	}
	return names
}

// BriefDecoder is a Decoder that can leave out what is not asked of every event.
type BriefDecoder interface {
	Decoder
	// Brief reads a record as Decode does, but for fields that b does not need, and a
	// message that is Rendered, unless the caller asks for it. ok is false in doubt, and where
	// Decode gives no event, or the record carries another.
	Brief(record string, b *Brief) (ev event.Event, ok bool)
}

// CarriedBriefDecoder is a CarriedDecoder that can leave out what is not asked, also of
// records that syslog carries.
type CarriedBriefDecoder interface {
	CarriedDecoder
	// BriefCarried is to DecodeCarried what BriefDecoder.Brief is to Decode.
	BriefCarried(record string, c *Carried, b *Brief) (ev event.Event, ok bool)
}

// briefFields are asked of every event besides its observables: whether another product
// raised it, what kind of connection it is, and the texts that patterns over several
// values look through.
var briefFields = []string{
	"event.kind", "winlog.provider_name",
	"server.port", "destination.port", "network.type", "network.transport", "network.protocol",
	"file.path", "dll.path", "process.executable", "process.working_directory", "process.parent.executable", "registry.value", "user.id",
	"email.message_id", "http.request.method", "url.original", "tls.server.subject", "tls.server.issuer", "x509.serial_number",
}

var ofAll = func() map[string]bool {
	names := map[string]bool{}
	for i := range typedFields {
		names[typedFields[i].name] = true
	}
	for _, list := range [][]string{textFields, briefFields} {
		for _, name := range list {
			names[name] = true
		}
	}
	return names
}()
