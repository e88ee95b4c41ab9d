package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// eventPage is one stored record: as it arrived, and as it is read.
type eventPage struct {
	Stored  telemetry.Stored
	Event   event.Event
	Read    bool // some format reads it
	Fields  []fieldRow
	Raw     string
	Cut     bool // the raw record is longer than what is shown
	Context string
	Others  []siblingLine // the other records of this event
}

type fieldRow struct {
	Name, Value string
	one         string // the first of its values, whole
}

// HuntURL asks for events with the same value.
func (f fieldRow) HuntURL() string {
	return "/hunt?" + url.Values{"q": {f.Name + ":" + hunt.Quote(short(1000, f.one))}}.Encode()
}

// rawShown bounds how much of a raw record a page carries.
const rawShown = 64 << 10

func (eventPage) template() string { return "event" }
func (p eventPage) title() string  { return "Event " + strconv.FormatUint(uint64(p.Stored.Seq), 10) }

func (s *server) showEvent(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	unknown := errs.New(errs.NotFound, "event_unknown", "There is no event %q. Older events are removed when the history reaches its limit.", r.PathValue("seq"))
	if err != nil {
		return nil, unknown
	}
	records, err := s.cfg.History.Read(r.Context(), telemetry.Seq(seq), 1)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 || records[0].Seq != telemetry.Seq(seq) {
		return nil, unknown
	}
	p := eventPage{Stored: records[0], Context: text(records[0].Context)}
	p.Raw, p.Cut = text(records[0].Raw), len(records[0].Raw) > rawShown
	if p.Event, p.Read = s.cfg.Decoder.Decode(records[0]); p.Read {
		p.Fields = fieldRows(p.Event.Fields)
		if p.Others, err = s.siblings(r.Context(), records[0], p.Event); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// text makes bytes from outside fit for a page.
func text(b []byte) string {
	b = b[:min(len(b), rawShown)]
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b))) // U+FFFD for what is no character
}

func fieldRows(f event.Fields) []fieldRow {
	names := make([]string, 0, len(f))
	for n := range f {
		names = append(names, n)
	}
	slices.Sort(names)
	out := make([]fieldRow, 0, len(names))
	for _, n := range names {
		values := f.Strings(n)
		if len(values) == 0 {
			continue
		}
		row := fieldRow{Name: n, one: values[0]}
		for i, v := range values {
			if i > 0 {
				row.Value += ", "
			}
			row.Value += v
		}
		row.Value = short(2000, row.Value)
		out = append(out, row)
	}
	return out
}
