package intel

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/stix"
)

// Export says what leaves, and how.
type Export struct {
	To    string // one of ExportFormats
	Query Query  // its Limit and Cursor are ignored
	// TLP is the most restrictive label that may leave. Not stated means GREEN;
	// above GREEN the actor needs the role analyst. What bears no label counts
	// as GREEN.
	TLP indicator.TLP
	// Objects adds what else is kept to an export as STIX: actors, malware,
	// reports, relations ... as they came. "" = none, "with" indicators, "only".
	Objects string
	// AsOf, with Objects, leaves out what came later.
	AsOf time.Time
}

// ExportFormats lists what an export may be written as. Of these edl, rpz, zeek and
// suricata feed devices and sensors and are held to the guard rails of a block;
// misp-feed is a tar archive of a feed's files; the last two are rules as they came.
var ExportFormats = []string{"stix", "misp", "misp-feed", "csv", "edl", "rpz", "zeek", "suricata", "yara", "suricata-rules"}

// Rail names the guard rail that keeps a value off devices and sensors, "" when
// none does. block says that the value would be blocked, not only watched for.
type Rail func(ctx context.Context, t indicator.Type, value string, block bool) string

// encoder writes indicators in one format. Add returns the reason for which the
// format cannot carry one, or "merged" when it stands there already.
type encoder interface {
	Add(i indicator.Indicator) (dropped string, err error)
	Close() error
}

// merged is what an encoder says of a line that it has written already.
const merged = "merged"

// Export writes what meets x.Query to w, in the order of the keys, which never
// changes. It holds a page of indicators at a time, whatever their number.
func (s *Service) Export(ctx context.Context, x Export, rail Rail, w io.Writer) (indicator.LossReport, error) {
	var report indicator.LossReport
	x.TLP = cmp.Or(x.TLP, indicator.TLPGreen)
	need := ref.Viewer
	if x.TLP > indicator.TLPGreen {
		need = ref.Analyst
	}
	if err := ref.Need(ctx, need); err != nil {
		return report, err
	}
	if err := x.check(); err != nil {
		return report, err
	}
	if t, v, err := indicator.Detect(x.Query.Text); err == nil && t != indicator.FileName && ruleTypes[x.To] == nil {
		x.Query.Text = v
	}
	buf := bufio.NewWriterSize(w, 64<<10)
	if ruleTypes[x.To] != nil {
		report, err := s.exportRules(ctx, x, buf)
		if err != nil {
			return report, fmt.Errorf("export rules: %w", err)
		}
		return report, buf.Flush()
	}
	enc := s.encoder(ctx, x, buf)
	if err := s.exportObjects(ctx, x, enc, &report); err != nil {
		return report, fmt.Errorf("export objects: %w", err)
	}
	pages := s.store.Pages
	if x.Objects == "only" {
		pages = func(context.Context, Query, func([]Row) error) error { return nil }
	}
	err := pages(ctx, x.Query, func(rows []Row) error {
		for i := range rows {
			reason := x.refusal(ctx, rail, &rows[i])
			if reason == "" {
				var err error
				if reason, err = enc.Add(rows[i].Indicator); err != nil {
					return err
				}
			}
			switch reason {
			case "":
				report.Store(rows[i].Type)
			case merged:
				report.Merge(rows[i].Type)
			default:
				report.Drop(reason)
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return report, fmt.Errorf("export indicators: %w", err)
	}
	if err := enc.Close(); err != nil {
		return report, fmt.Errorf("export indicators: %w", err)
	}
	return report, buf.Flush()
}

// rawEncoder is an encoder that takes objects as they are.
type rawEncoder interface {
	AddRaw(raw json.RawMessage) error
}

// exportObjects writes the newest version of each kept object. What is marked
// above x.TLP stays.
func (s *Service) exportObjects(ctx context.Context, x Export, enc encoder, report *indicator.LossReport) error {
	w, ok := enc.(rawEncoder)
	if x.Objects == "" || !ok {
		return nil
	}
	q := ObjectQuery{Source: x.Query.Source, AsOf: x.AsOf, Limit: 1000}
	for {
		rows, err := s.knowledge.Objects(ctx, q)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if r.TLP > x.TLP {
				report.Drop("tlp")
				continue
			}
			if err := w.AddRaw(r.Raw); err != nil {
				return err
			}
			report.In++
			report.Stored++
		}
		q.After = rows[len(rows)-1].Seq
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (x *Export) check() error {
	if !slices.Contains(ExportFormats, x.To) {
		return errs.New(errs.Invalid, "export_format", "%q is not one of %s.", x.To, strings.Join(ExportFormats, ", "))
	}
	if t := x.Query.Type; t != "" && !slices.Contains(indicator.Types, t) {
		return errs.New(errs.Invalid, "type_unknown", "There is no type %q; write for example %s, %s or %s.", t, indicator.IPv4, indicator.Domain, indicator.SHA256)
	}
	if x.Objects != "" && x.To != "stix" {
		return errs.New(errs.Invalid, "export_objects", "Only STIX has a place for objects that are no indicators; %s has not.", x.To)
	}
	if x.Objects != "" && x.Objects != "with" && x.Objects != "only" {
		return errs.New(errs.Invalid, "export_objects", "%q is not one of with, only.", x.Objects)
	}
	if ruleTypes[x.To] != nil && x.Query.Type != "" {
		return errs.New(errs.Invalid, "export_type", "Rules have no type; leave it out.")
	}
	if x.To == "suricata" {
		x.Query.Type = cmp.Or(x.Query.Type, indicator.Domain)
	}
	return nil
}

// device reports whether a format is for machines that block or raise alarms.
func (x *Export) device() bool {
	return x.To == "edl" || x.To == "rpz" || x.To == "zeek" || x.To == "suricata"
}

func (x *Export) refusal(ctx context.Context, rail Rail, r *Row) string {
	switch {
	case cmp.Or(r.TLP, indicator.TLPGreen) > x.TLP:
		return "tlp"
	case !x.device():
		return ""
	case r.Revoked:
		return "revoked"
	}
	return rail(ctx, r.Type, r.Value, x.To == "edl" || x.To == "rpz")
}

func (s *Service) encoder(ctx context.Context, x Export, w *bufio.Writer) encoder {
	switch x.To {
	case "stix":
		return stix.NewBundleWriter(w, "bundle--"+uuid.NewString(), s.typeOf(ctx))
	case "misp":
		return misp.NewEventWriter(w, uuid.New(), s.now(), s.typeOf(ctx))
	case "misp-feed":
		title := "Vedette"
		if x.Query.Source != "" {
			title += ", " + x.Query.Source
		}
		return misp.NewFeedWriter(w, title, s.now(), s.typeOf(ctx))
	case "csv":
		return newTable(w)
	case "rpz":
		return newRPZ(w, s.now())
	case "zeek":
		return newZeek(w)
	case "suricata":
		return &lines{w: w, line: dataset}
	}
	return &lines{w: w, line: entry, empty: "# empty list: nothing meets the query\n"}
}

// typesKept bounds how many names are remembered with their type.
const typesKept = 100_000

// typeOf tells the STIX type of what a name means; "" when the knowledge base does
// not know it, or knows it as several.
func (s *Service) typeOf(ctx context.Context) func(name string) string {
	known := map[string]string{}
	return func(name string) string {
		if t, ok := known[name]; ok {
			return t
		}
		if len(known) >= typesKept {
			clear(known)
		}
		kind := ""
		found, err := Meanings(ctx, s.knowledge, []string{name})
		if err == nil {
			for i, e := range found[name] {
				if i > 0 && e.Type != kind {
					kind = ""
					break
				}
				kind = e.Type
			}
		}
		known[name] = kind
		return kind
	}
}
