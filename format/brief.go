package format

import "github.com/vedette-soc/vedette/event"

// Brief is what is asked of every event: what observables are made of, briefFields, and
// what the caller asks for. Decoders keep what they made for one; there should be few.
type Brief struct {
	also func(format, dataset string) func(field string) bool
}

// NewBrief returns a Brief with the fields that also returns a test for, of the events of
// a format with that event.dataset, "" = any; nil = none.
func NewBrief(also func(format, dataset string) func(field string) bool) *Brief {
	return &Brief{also}
}

// Of is what is asked of such events.
func (b *Brief) Of(format, dataset string) Asked {
	if b.also == nil {
		return nil
	}
	return b.also(format, dataset)
}

// Asked says whether the caller of a Brief asks for a field; nil = for none.
type Asked func(field string) bool

// For says whether the caller asks for a field.
func (a Asked) For(field string) bool { return a != nil && a(field) }

// Wants says whether a field is needed.
func (a Asked) Wants(field string) bool { return ofAll[field] || a.For(field) }

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
