package web_test

import (
	"strconv"
	"testing"
	"time"

	shipped "github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/described"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/internal/web"
)

// TestOtherRecordsOfAnEvent: what auditd writes of one event is found together, and
// nothing else: no other number, no other time, no other sender.
func TestOtherRecordsOfAnEvent(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	files, err := shipped.Formats()
	h.must(err)
	var formats []format.Format
	for name, text := range files {
		if name == "linux.yaml" {
			ds, err := described.Parse(name, text)
			h.must(err)
			for _, d := range ds {
				formats = append(formats, d.Format())
			}
		}
	}
	h.cfg.Decoder = pipeline.NewDecoder(format.NewRecogniser(formats...))
	h.handler = web.New(h.cfg)
	var records []telemetry.Record
	for _, r := range []struct{ source, raw string }{
		{"file/a", `type=SYSCALL msg=audit(1700000000.123:77): syscall=59 success=yes pid=5 comm="ls" exe="/bin/ls"`},
		{"file/a", `type=EXECVE msg=audit(1700000000.123:77): argc=2 a0="ls" a1="<b>mine"`},
		{"file/a", `type=EXECVE msg=audit(1700000000.123:78): argc=1 a0="following"`},
		{"file/a", `type=EXECVE msg=audit(1700000009.123:77): argc=1 a0="later"`},
		{"file/b", `type=EXECVE msg=audit(1700000000.123:77): argc=1 a0="elsewhere"`},
	} {
		records = append(records, telemetry.Record{Received: time.Now().UTC(), Source: r.source, Raw: []byte(r.raw)})
	}
	first, err := h.history.Append(system(), records)
	h.must(err)
	event := func(n int) string { return "/events/" + strconv.FormatUint(uint64(first)+uint64(n), 10) }
	h.play(t, scenario{
		name: "all of it", user: "viewer", target: event(0), status: 200,
		has: []string{"The other records of this event", "&lt;b&gt;mine"}, hasNot: []string{"<b>", "following", "later", "elsewhere"},
	})
	h.play(t, scenario{name: "alone", user: "viewer", target: event(4), status: 200, hasNot: []string{"The other records of this event"}})
}
