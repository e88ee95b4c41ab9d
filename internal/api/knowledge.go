package api

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// ValuesBody asks about values or names.
type ValuesBody struct {
	Values []string `json:"values"`
}

// LookupBody asks about values, and for what was known of them at a time.
type LookupBody struct {
	Values []string  `json:"values"`
	AsOf   time.Time `json:"as_of,omitzero"` // zero = now
}

// maxAsked is how many values one request may ask about.
const maxAsked = 10_000

// Known is what is known of a value. Verdict is "malicious" (live, confidence 50
// and above), "suspicious" (live, below), "expired", "unknown" or "invalid"; of a time
// also "revoked" or "withdrawn".
type Known struct {
	Value      string          `json:"value"`
	Type       indicator.Type  `json:"type,omitempty"`
	Verdict    string          `json:"verdict"`
	Indicators []intel.Row     `json:"indicators"`
	Seen       *telemetry.Seen `json:"seen,omitempty"` // in our own events
	Reason     string          `json:"reason,omitempty"`
	Then       *intel.Then     `json:"then,omitempty"` // when the question was of a time
}

// SameBody is a decision about two entities.
type SameBody struct {
	A       string `json:"a"`
	B       string `json:"b"`
	Verdict string `json:"verdict"` // same, different, undecided
	Reason  string `json:"reason"`
}

// ImportReport is the outcome of an import.
type ImportReport struct {
	Report  indicator.LossReport `json:"report"`
	Run     string               `json:"run"`
	Objects int                  `json:"objects"`
	Samples []collect.Sample     `json:"samples"`
}

// EntityView is an entity with what stands around it.
type EntityView struct {
	Entity    intel.Entity     `json:"entity"`
	Relations []intel.Relation `json:"relations"`
	Around    []intel.Entity   `json:"around"`
	// Detections says, of a technique, how ATT&CK detects it and which of the logs that
	// takes reach us.
	Detections []pipeline.Detection `json:"detections,omitempty"`
}

// PinBody fixes an indicator by decision.
type PinBody struct {
	Confidence int       `json:"confidence"`
	Until      time.Time `json:"until"`
	Revoked    bool      `json:"revoked"`
	Reason     string    `json:"reason"`
}

func (a *API) intelligence() []route {
	s := a.cfg.Intel
	imp := route{
		method: "POST", path: "/api/v1/indicators/import", role: ref.Analyst, raw: true, out: reflect.TypeFor[ImportReport](),
		summary: "Import a file of any format a feed may have; the body is the file itself.",
		query:   []string{"name", "source", "kind", "dry_run"}, do: a.importBody,
	}
	return []route{
		imp,
		get("/indicators", ref.Viewer, "Search indicators, newest first.", []string{"q", "type", "source", "name", "state", "min_confidence", "limit", "cursor"}, func(c call) (Page[intel.Row], error) {
			rows, next, err := s.Search(c.ctx, intel.Query{
				Text: c.query["q"], Type: indicator.Type(c.query["type"]), Source: c.query["source"], Name: c.query["name"], State: c.query["state"],
				MinConf: c.int("min_confidence", 0), Limit: c.int("limit", 0), Cursor: c.query["cursor"],
			})
			return page(rows, next), err
		}),
		get("/indicators/{id}", ref.Viewer, "One indicator with all that its sources say.", nil, func(c call) (intel.Row, error) { return s.ByID(c.ctx, c.id()) }),
		get("/indicators/{id}/tags", ref.Viewer, "What its tags mean by the taxonomies, and which exclude each other.", nil, func(c call) (Page[intel.Tag], error) {
			row, err := s.ByID(c.ctx, c.id())
			if err != nil {
				return Page[intel.Tag]{}, err
			}
			tags, err := s.Tags(c.ctx, row.Tags)
			return page(tags, ""), err
		}),
		get("/indicators/{id}/reckoning", ref.Viewer, "How its confidence and expiry come about.", nil, func(c call) (intel.Reckoning, error) { return s.Reckon(c.ctx, c.id()) }),
		send("POST", "/indicators/{id}/pin", ref.Analyst, "Fix confidence, expiry or revocation; wins over sources.", func(c call, b PinBody) (none, error) {
			return none{}, s.Pin(c.ctx, c.id(), b.Confidence, b.Until, b.Revoked, b.Reason)
		}),
		send("POST", "/indicators/lookup", ref.Viewer, "What is known of each value, and whether we saw it; with as_of, what was known of it then.", a.lookup),
		get("/counts", ref.Viewer, "How many indicators, by type and by source.", nil, func(c call) (intel.Counts, error) { return s.Counts(c.ctx) }),
		send("POST", "/entities/resolve", ref.Viewer, "Which entity each name means.", func(c call, b ValuesBody) (Page[intel.Named], error) {
			if len(b.Values) > maxAsked {
				return Page[intel.Named]{}, errs.New(errs.Invalid, "too_many_values", "Ask about at most %d values at once.", maxAsked)
			}
			found, err := s.Resolve(c.ctx, b.Values)
			return page(intel.NamedOf(b.Values, found), ""), err
		}),
		get("/entities", ref.Viewer, "Find actors, malware, tools, campaigns and techniques by name.", []string{"q", "type", "limit"}, func(c call) (Page[intel.Entity], error) {
			list, err := s.FindEntities(c.ctx, c.query["q"], c.query["type"], min(c.int("limit", 50), 500))
			return page(list, ""), err
		}),
		send("POST", "/entities/same", ref.Analyst, "Say that two entities are the same thing, that they are not, or take that back.", func(c call, b SameBody) (none, error) {
			return none{}, s.Decide(c.ctx, b.A, b.B, b.Verdict, b.Reason)
		}),
		get("/entities/{id}", ref.Viewer, "An entity with its relations.", nil, func(c call) (EntityView, error) {
			e, err := s.Entity(c.ctx, c.id())
			if err != nil {
				return EntityView{}, err
			}
			v := EntityView{Entity: e}
			if v.Relations, v.Around, err = s.Neighbours(c.ctx, ref.Ref{Kind: ref.Entity, ID: e.ID}, 500); err != nil {
				return v, err
			}
			v.Detections, err = a.detections(c.ctx, e)
			return v, err
		}),
		get("/profile", ref.Viewer, "The organisation profile.", nil, func(c call) (org.Profile, error) {
			_, err := a.cfg.Org.Saved(c.ctx)
			return a.cfg.Org.Index().Profile, err
		}),
		get("/profile/hosts", ref.Viewer, "Hosts of ours that were seen in traffic and that no asset names, the busiest first.", []string{"limit"}, func(c call) (Page[org.Stranger], error) {
			list, _, _ := a.cfg.Strangers.List(a.cfg.Org.Index(), min(max(c.int("limit", 100), 1), 5000))
			return page(list, ""), nil
		}),
		send("POST", "/profile/hosts", ref.Analyst, "Say what an unknown host is: an asset, an ordinary host of a network, of a dynamic network, or to be ignored.", func(c call, b org.Told) (none, error) {
			return none{}, a.cfg.Org.Told(c.ctx, a.cfg.Strangers, b)
		}),
		{
			method: "POST", path: "/api/v1/profile/inventory", role: ref.Analyst, raw: true, out: reflect.TypeFor[org.Completion](), query: []string{"name", "dry_run"},
			summary: "Complete the profile by an nmap scan, a bill of materials (CycloneDX, SPDX), the inventory of a cloud (AWS Config, Azure Resource Graph, Google Cloud Asset Inventory), a directory export (LDIF) or a table of assets (CSV); the body is the file.",
			do: func(c call, _ any) (any, error) {
				name := cmp.Or(c.query["name"], "upload")
				inv, err := org.ReadInventory(name, c.r.Body)
				if err != nil {
					return nil, err
				}
				return a.cfg.Org.Complete(c.ctx, name, inv, c.query["dry_run"] == "true")
			},
		},
		{
			method: "PUT", path: "/api/v1/profile", role: ref.Analyst, raw: true, out: reflect.TypeFor[org.Profile](),
			summary: "Replace the organisation profile; the body is the YAML file.", do: func(c call, _ any) (any, error) {
				file, err := io.ReadAll(http.MaxBytesReader(nil, c.r.Body, 17<<20))
				if err != nil {
					return nil, errs.New(errs.Invalid, "profile_too_large", "A profile file has at most 16 MiB.")
				}
				if _, err := a.cfg.Org.Import(c.ctx, file); err != nil {
					return nil, err
				}
				return a.cfg.Org.Index().Profile, nil
			},
		},
	}
}

// detections answers for techniques of ATT&CK.
func (a *API) detections(ctx context.Context, e intel.Entity) ([]pipeline.Detection, error) {
	if e.Type != "attack-pattern" || e.AttackID == "" {
		return nil, nil
	}
	strategies, err := a.cfg.Intel.Strategies(ctx, e.ID)
	if err != nil || len(strategies) == 0 {
		return nil, err
	}
	t, err := a.cfg.Landscape.Threats(ctx)
	if err != nil {
		return nil, err
	}
	return t.Coverage.Detections(strategies), nil
}

func (a *API) lookup(c call, b LookupBody) (Page[Known], error) {
	if len(b.Values) > maxAsked {
		return Page[Known]{}, errs.New(errs.Invalid, "too_many_values", "Ask about at most %d values at once.", maxAsked)
	}
	var out []Known
	for _, raw := range b.Values {
		k := Known{Value: raw, Verdict: "invalid", Indicators: []intel.Row{}}
		t, v, err := indicator.Detect(raw)
		if err != nil {
			k.Reason = indicator.Reason(err)
			out = append(out, k)
			continue
		}
		k.Type, k.Value, k.Verdict = t, v, "unknown"
		find := a.known
		if !b.AsOf.IsZero() {
			find = func(c call, k *Known) error { return a.knownThen(c, k, b.AsOf) }
		}
		if err := find(c, &k); err != nil {
			return Page[Known]{}, err
		}
		out = append(out, k)
	}
	return page(out, ""), nil
}

// knownThen answers by what was known at a time, of the value itself; whether it was
// met is not asked.
func (a *API) knownThen(c call, k *Known, at time.Time) error {
	then, err := a.cfg.Intel.Then(c.ctx, k.Type, k.Value, at)
	if err != nil {
		return err
	}
	k.Then, k.Verdict = &then, then.State
	if then.State == "live" {
		k.Verdict = "suspicious"
		if then.Confidence != nil && *then.Confidence >= 50 {
			k.Verdict = "malicious"
		}
	}
	return nil
}

func (a *API) known(c call, k *Known) error {
	_, met, err := a.cfg.Matcher.Lookup(c.ctx, k.Type, k.Value, nil)
	if err != nil {
		return err
	}
	best := 0
	for _, m := range met {
		k.Indicators = append(k.Indicators, m.Row)
		best = max(best, m.Row.Confidence)
	}
	switch {
	case best >= 50:
		k.Verdict = "malicious"
	case len(met) > 0:
		k.Verdict = "suspicious"
	default:
		row, err := a.cfg.Intel.Lookup(c.ctx, k.Type, k.Value)
		if err == nil {
			k.Verdict, k.Indicators = "expired", append(k.Indicators, row)
			if !row.Revoked && row.Claimed && (row.ValidUntil.IsZero() || row.ValidUntil.After(time.Now())) {
				k.Verdict = "malicious" // known, and the index is about to learn of it
			}
		} else if errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	seen, err := a.cfg.History.Seen(c.ctx, telemetry.KeyOf(k.Type, k.Value))
	if err != nil || seen.Count == 0 {
		return err
	}
	seen.Type, seen.Value = k.Type, k.Value
	k.Seen = &seen
	return nil
}

func (a *API) importBody(c call, _ any) (any, error) {
	name := c.query["name"]
	if name == "" || strings.ContainsAny(name, "\x00\n") {
		name = "upload"
	}
	run, err := a.cfg.Collect.Import(c.ctx, collect.Order{
		Source: c.query["source"], Name: name, Reader: c.r.Body, Kind: c.query["kind"], Dry: c.query["dry_run"] == "true",
	})
	if err != nil {
		return nil, err
	}
	return ImportReport{Report: run.Report, Run: run.ID, Objects: run.Objects, Samples: run.Samples}, nil
}

// UserBody makes a user.
type UserBody struct {
	Name     string   `json:"name"`
	Password string   `json:"password"`
	Role     ref.Role `json:"role"`
}

// TokenBody makes a token. Life is a duration such as "720h"; empty = for ever.
type TokenBody struct {
	Name string   `json:"name"`
	Role ref.Role `json:"role"`
	Life string   `json:"life"`
}

// TokenView is a token; Secret is given once, when it is made.
type TokenView struct {
	identity.Token
	Secret string `json:"secret,omitempty"`
}

func newListSecret() (secret, hash string) { return identity.NewSecret("vdl_") }

func (a *API) people() []route {
	s := a.cfg.Identity
	return []route{
		get("/users", ref.Admin, "Everybody who may sign in.", nil, func(c call) (Page[identity.User], error) {
			users, err := s.Users(c.ctx)
			return page(users, ""), err
		}),
		send("POST", "/users", ref.Admin, "Add a user.", func(c call, b UserBody) (identity.User, error) { return s.AddUser(c.ctx, b.Name, b.Password, b.Role) }),
		get("/tokens", ref.Admin, "Tokens of programs, without their secrets.", nil, func(c call) (Page[identity.Token], error) {
			tokens, err := s.Tokens(c.ctx)
			return page(tokens, ""), err
		}),
		send("POST", "/tokens", ref.Admin, "Make a token; the answer holds its secret, once.", func(c call, b TokenBody) (TokenView, error) {
			var life time.Duration
			if b.Life != "" {
				var err error
				if life, err = time.ParseDuration(b.Life); err != nil {
					return TokenView{}, errs.New(errs.Invalid, "life_invalid", "%q is no duration; write for example 720h.", b.Life)
				}
			}
			t, secret, err := s.AddToken(c.ctx, b.Name, b.Role, life)
			return TokenView{t, secret}, err
		}),
		send("DELETE", "/tokens/{id}", ref.Admin, "Make a token void.", func(c call, _ none) (none, error) { return none{}, s.RevokeToken(c.ctx, c.id()) }),
	}
}
