package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/audit"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Page is one page of a list; Next is the cursor of the next, "" at the end.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

func page[T any](items []T, next string) Page[T] {
	if items == nil {
		items = []T{}
	}
	return Page[T]{items, next}
}

func (a *API) routes() []route {
	var all []route
	for _, part := range [][]route{a.system(), a.incidents(), a.intelligence(), a.threats(), a.exports(), a.upkeep(), a.feeds(), a.rules(), a.suppressions(), a.hunts(), a.history(), a.queue(), a.reports(), a.responses(), a.leaks(), a.people()} {
		all = append(all, part...)
	}
	return all
}

// Health is how the system is.
type Health struct {
	Version string              `json:"version"`
	Workers []supervise.Status  `json:"workers"`
	Senders []telemetry.Source  `json:"senders"`
	History telemetry.Stats     `json:"history"`
	Matched telemetry.Seq       `json:"matched"` // the last event that was matched; history.last is the last that arrived
	Index   pipeline.IndexState `json:"index"`
	Rules   pipeline.RulesState `json:"rules"`
	Totals  alert.Totals        `json:"totals"`
	Share   *pipeline.Share     `json:"share,omitempty"`   // the processes that share the work, where there are several
	Problem string              `json:"problem,omitempty"` // why the history does not answer; its figures are the last known then
}

func (a *API) system() []route {
	return []route{
		get("/openapi.json", ref.Nobody, "This description.", nil, func(call) (any, error) { return a.openapi(), nil }),
		get("/health", ref.Viewer, "Workers, senders, history and index.", nil, func(c call) (Health, error) {
			h := Health{Version: a.cfg.Version, Workers: a.cfg.Workers(), Senders: a.cfg.Senders(), Index: a.cfg.Matcher.State(), Rules: a.cfg.Rules.State(), Matched: a.cfg.Matched()}
			if a.cfg.Share != nil {
				h.Share = a.cfg.Share(c.ctx)
			}
			var err error
			switch h.History, err = a.cfg.History.Stats(c.ctx); {
			case errs.KindOf(err) == errs.Unavailable: // and who asks how things are wants the rest all the more
				h.Problem = errs.Public(err)
			case err != nil:
				return h, err
			}
			h.Totals, err = a.cfg.Alerts.Totals(c.ctx)
			return h, err
		}),
		get("/events/{id}", ref.Viewer, "One stored event, raw and as ECS.", nil, a.event),
		get("/audit", ref.Admin, "The newest lines of the audit log.", []string{"target", "limit"}, func(c call) (Page[audit.Entry], error) {
			var target ref.Ref
			if t := c.query["target"]; t != "" {
				var err error
				if target, err = ref.Parse(t); err != nil {
					return Page[audit.Entry]{}, errs.New(errs.Invalid, "target_invalid", "A target is written KIND/ID.")
				}
			}
			entries, err := a.cfg.Audit.Latest(c.ctx, target, min(c.int("limit", 100), 1000))
			return page(entries, ""), err
		}),
		get("/audit/verify", ref.Admin, "Check the chain of the audit log from its first line.", nil, func(c call) (Verified, error) {
			n, hash, err := audit.Verify(c.ctx, a.cfg.Audit)
			return Verified{Lines: n, Hash: hash, Whole: err == nil}, err
		}),
	}
}

// Verified is the state of the audit chain.
type Verified struct {
	Lines int64  `json:"lines"`
	Hash  string `json:"hash"` // of the last line
	Whole bool   `json:"whole"`
}

// Event is a stored event.
type Event struct {
	ID       string       `json:"id"`
	Source   string       `json:"source"`
	Received time.Time    `json:"received"`
	Raw      string       `json:"raw"`
	ECS      *event.Event `json:"ecs,omitempty"` // absent when it cannot be read
}

func (a *API) event(c call) (Event, error) {
	unknown := errs.New(errs.NotFound, "event_unknown", "There is no event %q, or it is no longer kept.", c.id())
	n, err := strconv.ParseUint(c.id(), 10, 63)
	if err != nil || n == 0 {
		return Event{}, unknown
	}
	records, err := a.cfg.History.Read(c.ctx, telemetry.Seq(n), 1)
	if err != nil {
		return Event{}, err
	}
	if len(records) == 0 || records[0].Seq != telemetry.Seq(n) {
		return Event{}, unknown
	}
	r := records[0]
	e := Event{ID: c.id(), Source: r.Source, Received: r.Received, Raw: string(r.Raw)}
	if ev, ok := a.cfg.Decoder.Decode(r); ok {
		e.ECS = &ev
	}
	return e, nil
}

// VerdictBody is a judgement.
type VerdictBody struct {
	Kind   alert.VerdictKind `json:"kind"`
	Reason string            `json:"reason"`
	Impact bool              `json:"impact"`
}

// MergeBody says into which incident another one goes.
type MergeBody struct {
	Into   string `json:"into"`
	Reason string `json:"reason"`
}

// SplitBody names alerts, by fingerprint, that do not belong to an incident.
type SplitBody struct {
	Alerts []string `json:"alerts"`
	Reason string   `json:"reason"`
}

// Made names what was made.
type Made struct {
	ID string `json:"id"`
}

// TextBody is a text: a reason, a note, an owner's name.
type TextBody struct {
	Text string `json:"text"`
}

func (a *API) incidents() []route {
	s := a.cfg.Alerts
	return []route{
		get("/incidents", ref.Viewer, "The queue, highest priority first.", []string{"state", "level", "owner", "q", "limit", "cursor"}, func(c call) (Page[alert.Incident], error) {
			list, next, err := s.Queue(c.ctx, alert.QueueQuery{
				State: alert.State(c.query["state"]), Level: c.query["level"], Owner: c.query["owner"], Text: c.query["q"],
				Limit: c.int("limit", 0), Cursor: c.query["cursor"],
			})
			return page(list, next), err
		}),
		get("/incidents/{id}", ref.Viewer, "An incident with its alerts, newest detections and timeline.", nil, func(c call) (alert.Detail, error) { return s.Incident(c.ctx, c.id()) }),
		get("/incidents/{id}/dossier", ref.Viewer, "Who and what is behind an incident, what is related, what to do.", nil, func(c call) (investigate.Dossier, error) {
			return a.cfg.Investigate.Dossier(c.ctx, c.id())
		}),
		send("POST", "/incidents/{id}/verdict", ref.Analyst, "Judge and close.", func(c call, b VerdictBody) (none, error) {
			return none{}, s.Judge(c.ctx, c.id(), alert.Verdict{Kind: b.Kind, Reason: b.Reason, Impact: b.Impact})
		}),
		send("POST", "/incidents/{id}/merge", ref.Analyst, "Move all alerts into another incident and close this one.", func(c call, b MergeBody) (none, error) {
			return none{}, s.Merge(c.ctx, c.id(), b.Into, b.Reason)
		}),
		send("POST", "/incidents/{id}/split", ref.Analyst, "Move alerts into an incident of their own; they are not joined for the same reason again.", func(c call, b SplitBody) (Made, error) {
			id, err := s.Split(c.ctx, c.id(), b.Alerts, b.Reason)
			return Made{id}, err
		}),
		send("POST", "/incidents/{id}/reopen", ref.Analyst, "Take a verdict back.", func(c call, b TextBody) (none, error) { return none{}, s.Reopen(c.ctx, c.id(), b.Text) }),
		send("POST", "/incidents/{id}/owner", ref.Analyst, "Assign; an empty text frees it.", func(c call, b TextBody) (none, error) { return none{}, s.Assign(c.ctx, c.id(), b.Text) }),
		send("POST", "/incidents/{id}/notes", ref.Analyst, "Add a note to the timeline.", func(c call, b TextBody) (none, error) { return none{}, s.Note(c.ctx, c.id(), b.Text) }),
	}
}

func (a *API) feeds() []route {
	s := a.cfg.Collect
	feedAct := func(path, summary string, role ref.Role, do func(c call) (collect.Run, error)) route {
		return send("POST", "/feeds/{id}/"+path, role, summary, func(c call, _ none) (collect.Run, error) { return do(c) })
	}
	return []route{
		get("/feeds", ref.Viewer, "Feeds in use, then the rest of the catalogue.", nil, func(c call) (Page[collect.View], error) {
			v, err := s.Feeds(c.ctx)
			return page(v, ""), err
		}),
		send("POST", "/feeds", ref.Admin, "Add or replace a feed.", func(c call, f collect.Feed) (none, error) { return none{}, s.Add(c.ctx, f) }),
		get("/feeds/audit", ref.Viewer, "What each source is worth: volume, overlap, latency, accuracy, yield, and what would be missed without it.", nil, func(c call) (intel.Portfolio, error) {
			return a.cfg.Intel.Audit(c.ctx)
		}),
		get("/feeds/{id}/life", ref.Viewer, "How long the entries of a feed were listed, by type, with the decay model in use and the one that fits best.", nil, func(c call) (Page[intel.Life], error) {
			l, err := a.cfg.Intel.Lives(c.ctx, c.id())
			return page(l, ""), err
		}),
		send("POST", "/feeds/{id}/retire", ref.Admin, "Turn a feed off and withdraw what it said.", func(c call, b TextBody) (none, error) {
			if strings.TrimSpace(b.Text) == "" {
				return none{}, errs.New(errs.Invalid, "reason_missing", "Say why the feed is retired.")
			}
			return none{}, s.Retire(c.ctx, c.id(), b.Text)
		}),
		get("/feeds/{id}", ref.Viewer, "One feed with its state.", nil, func(c call) (collect.View, error) { return s.Feed(c.ctx, c.id()) }),
		send("DELETE", "/feeds/{id}", ref.Admin, "Remove a feed; what only it said is withdrawn.", func(c call, _ none) (none, error) { return none{}, s.Delete(c.ctx, c.id()) }),
		get("/feeds/{id}/runs", ref.Viewer, "The newest runs of a feed with their loss reports.", []string{"limit"}, func(c call) (Page[collect.Run], error) {
			runs, err := s.Runs(c.ctx, c.id(), min(c.int("limit", 20), 500))
			return page(runs, ""), err
		}),
		get("/runs", ref.Viewer, "The newest runs of all feeds and imports.", []string{"limit"}, func(c call) (Page[collect.Run], error) {
			runs, err := s.Runs(c.ctx, "", min(c.int("limit", 20), 500))
			return page(runs, ""), err
		}),
		feedAct("run", "Read a feed now.", ref.Analyst, func(c call) (collect.Run, error) { return s.RunNow(c.ctx, c.id()) }),
		feedAct("enable", "Turn a feed on.", ref.Admin, func(c call) (collect.Run, error) { return collect.Run{}, s.Switch(c.ctx, c.id(), true) }),
		feedAct("disable", "Turn a feed off.", ref.Admin, func(c call) (collect.Run, error) { return collect.Run{}, s.Switch(c.ctx, c.id(), false) }),
		feedAct("acknowledge", "Accept what was held back; the next run takes it.", ref.Analyst, func(c call) (collect.Run, error) {
			return collect.Run{}, s.Acknowledge(c.ctx, c.id(), "by the API")
		}),
	}
}

// BlockBody asks for a block. Life is a duration such as "24h"; empty takes the
// type's usual one.
type BlockBody struct {
	Type     indicator.Type `json:"type"`
	Value    string         `json:"value"`
	Reason   string         `json:"reason"`
	Incident string         `json:"incident"`
	Life     string         `json:"life"`
}

// ListBody makes an external dynamic list.
type ListBody struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"` // ip, domain, url
	Capacity int    `json:"capacity"`
}

// ListView is a list without its secrets; Token is given once, when it is made.
type ListView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Capacity  int       `json:"capacity"`
	Created   time.Time `json:"created"`
	Fetched   time.Time `json:"fetched,omitzero"`
	FetchedBy string    `json:"fetched_by,omitempty"`
	Serial    int64     `json:"serial"`
	Token     string    `json:"token,omitempty"`
}

func listView(l respond.List, token string) ListView {
	return ListView{l.ID, l.Name, l.Kind, l.Capacity, l.Created, l.Fetched, l.FetchedBy, l.Serial, token}
}

func (a *API) responses() []route {
	s := a.cfg.Respond
	canonical := func(b BlockBody) (BlockBody, error) {
		var err error
		if b.Type == "" {
			b.Type, b.Value, err = indicator.Detect(b.Value)
		} else {
			b.Value, err = indicator.Canonical(b.Type, b.Value)
		}
		if err != nil {
			return b, errs.New(errs.Invalid, "value_invalid", "%q is no value that can be blocked: %s.", b.Value, indicator.Reason(err))
		}
		return b, nil
	}
	return []route{
		get("/blocks", ref.Viewer, "Blocks, newest first.", []string{"state", "incident", "limit"}, func(c call) (Page[respond.Action], error) {
			list, err := s.Actions(c.ctx, respond.ActionState(c.query["state"]), c.query["incident"], min(c.int("limit", 100), 1000))
			return page(list, ""), err
		}),
		send("POST", "/blocks/preview", ref.Viewer, "What a block would have done, and what forbids it.", func(c call, b BlockBody) (respond.Preview, error) {
			b, err := canonical(b)
			if err != nil {
				return respond.Preview{}, err
			}
			return s.Preview(c.ctx, b.Type, b.Value)
		}),
		send("POST", "/blocks", ref.Analyst, "Block a value until it expires.", func(c call, b BlockBody) (respond.Action, error) {
			b, err := canonical(b)
			if err != nil {
				return respond.Action{}, err
			}
			var life time.Duration
			if b.Life != "" {
				if life, err = time.ParseDuration(b.Life); err != nil {
					return respond.Action{}, errs.New(errs.Invalid, "life_invalid", "%q is no duration; write for example 24h.", b.Life)
				}
			}
			return s.Block(c.ctx, respond.Order{Type: b.Type, Value: b.Value, Reason: b.Reason, Incident: b.Incident, Life: life})
		}),
		send("POST", "/blocks/{id}/undo", ref.Analyst, "Take a block back.", func(c call, b TextBody) (respond.Action, error) { return s.Undo(c.ctx, c.id(), b.Text) }),
		get("/lists", ref.Viewer, "External dynamic lists.", nil, func(c call) (Page[ListView], error) {
			lists, err := s.Lists(c.ctx)
			var out []ListView
			for _, l := range lists {
				out = append(out, listView(l, ""))
			}
			return page(out, ""), err
		}),
		send("POST", "/lists", ref.Admin, "Make a list; the answer holds its token, once.", func(c call, b ListBody) (ListView, error) {
			secret, hash := newListSecret()
			l, err := s.AddList(c.ctx, b.Name, b.Kind, b.Capacity, secret, hash)
			return listView(l, secret), err
		}),
		send("POST", "/lists/{id}/rotate", ref.Admin, "Give a list a new token; the one before stays good until the next time.", func(c call, _ none) (ListView, error) {
			secret, hash := newListSecret()
			return ListView{ID: c.id(), Token: secret}, s.RotateList(c.ctx, c.id(), hash)
		}),
		send("DELETE", "/lists/{id}", ref.Admin, "Remove a list.", func(c call, _ none) (none, error) { return none{}, s.DeleteList(c.ctx, c.id()) }),
	}
}
