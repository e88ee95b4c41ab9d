package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	shipped "github.com/vedette-soc/vedette/content"
	"github.com/vedette-soc/vedette/credential"
	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
	"github.com/vedette-soc/vedette/format/suricata"
	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/detect"
	"github.com/vedette-soc/vedette/internal/exposure"
	"github.com/vedette-soc/vedette/internal/history/historytest"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/identity"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/internal/investigate"
	"github.com/vedette-soc/vedette/internal/leak"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/report"
	"github.com/vedette-soc/vedette/internal/respond"
	"github.com/vedette-soc/vedette/internal/source/csv"
	stixsource "github.com/vedette-soc/vedette/internal/source/stix"
	"github.com/vedette-soc/vedette/internal/source/text"
	"github.com/vedette-soc/vedette/internal/store"
	"github.com/vedette-soc/vedette/internal/store/storetest"
	"github.com/vedette-soc/vedette/internal/supervise"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/internal/web"
	"github.com/vedette-soc/vedette/landscape"
	"github.com/vedette-soc/vedette/misp"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/sigma"
)

// house is the system behind the pages: real services over a fresh database.
type house struct {
	strangers org.Strangers
	t         testing.TB
	cfg       web.Config
	store     *store.Store
	history   *historytest.Memory
	matcher   *pipeline.Matcher
	handler   http.Handler
	setUp     string            // secret of the set-up link
	cookies   map[string]string // session secrets by user name
	log       *strings.Builder
	logMu     sync.Mutex
	changes   chan []string
}

const password = "correct horse battery"

// newHouse opens an empty system without users.
func newHouse(t testing.TB) *house {
	t.Helper()
	st, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		t: t, store: st, cookies: map[string]string{}, log: &strings.Builder{}, changes: make(chan []string, 4),
		history: new(historytest.Memory),
	}
	h.wire()
	if h.setUp, err = h.cfg.Identity.PrepareSetUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.handler = web.New(h.cfg)
	t.Cleanup(func() {
		if tt, ok := t.(*testing.T); ok {
			storetest.CheckStore(tt, st)
		}
		_ = st.Close()
	})
	return h
}

func (h *house) wire() {
	warnings, _ := misp.Compile(nil)
	noWarnings := func() *misp.WarningSet { return warnings }
	in := intel.New(h.store.Intel(), h.store.Knowledge(), h.store.Ledger()).WithActors(h.store.Actors())
	orgs := org.New(h.store.Org())
	decoder := pipeline.NewDecoder(format.NewRecogniser(suricata.Format(), ecs.Format()))
	alerts := alert.New(h.store.Alerts())
	log := slog.New(slog.NewTextHandler(logWriter{h}, nil))
	creation, err := sigma.ParsePipeline("test", []byte("name: test\nformat: ecs\nsources: [{product: windows, category: process_creation}]\nfields: {Image: process.executable}"))
	h.must(err)
	rules := detect.New(detect.Config{
		Store: h.store.Rules(), Tuning: h.store.RuleTuning(), Past: pipeline.RulePast{History: h.history, Decoder: decoder, Org: orgs, Pipelines: creation},
	})
	h.matcher = pipeline.NewMatcher(in, "", log)
	h.cfg = web.Config{
		Alerts: alerts, Intel: in, Org: orgs, Strangers: &h.strangers, Decoder: decoder, History: h.history, Audit: h.store.Audit(),
		Collect: collect.New(collect.Config{
			Store: h.store.Feeds(), Knowledge: pipeline.Knowledge{Intel: in, Org: orgs}, Log: log,
			Parsers:   []collect.Parser{csv.Parser{}, text.Parser{}, stixsource.Parser{}},
			Catalogue: []collect.Feed{{ID: "example-list", Name: "Example list", URL: "https://feeds.example/list.txt", Kind: "text", Interval: time.Hour, Licence: "CC0", GoodFor: "names of controllers", Homepage: "https://feeds.example/"}},
		}),
		Investigate: investigate.New(pipeline.Sources{Alerts: alerts, Intel: in, History: h.history, Org: orgs}, technique),
		Respond:     respond.New(h.store.Responses(), pipeline.Guard{Org: orgs, Warnings: noWarnings}, pipeline.Past{History: h.history, Decoder: decoder, Org: orgs}),
		Identity:    identity.New(h.store.Identities()),
		Hunt: hunt.New(h.store.HuntJobs(), h.store.Hunts(), &pipeline.Retro{
			History: h.history, Decoder: decoder, Matcher: h.matcher, Intel: in, Org: orgs, Alerts: alerts, Warnings: noWarnings, Log: log,
		}, pipeline.Searcher{History: h.history, Decoder: decoder}),
		Detect: rules, Rules: pipeline.NewRules(rules, orgs, creation, log),
		Suppressions: &pipeline.Suppressions{
			Alerts: alert.NewSuppressions(h.store.Suppressions()), Detect: rules, History: h.history, Decoder: decoder, Org: orgs, Pipelines: creation,
		},
		Index: h.matcher.State, Technique: technique,
		Changes: func() (<-chan []string, func()) { return h.changes, func() {} },
		Workers: func() []supervise.Status {
			return []supervise.Status{
				{Name: "match", State: supervise.Running, Since: time.Now().Add(-time.Hour)},
				{Name: "feeds", State: supervise.Degraded, Since: time.Now(), Restarts: 3, Error: "no route to host"},
			}
		},
		Senders: func() []telemetry.Source {
			return []telemetry.Source{{
				Name: "http/sensor-1", Events: 12_345_678, Bytes: 9_876_543_210, Refused: map[string]int64{"too-large": 3}, First: time.Now().Add(-48 * time.Hour),
				Last: time.Now().Add(-2 * time.Hour), Lag: 1500 * time.Millisecond, Formats: map[string]int64{"suricata": 12_345_000}, Allowed: time.Hour, Silent: true, Ahead: 12, Skew: 8760 * time.Hour,
			}}
		},
		ListURL: "https://vedette.example:8443/lists/", Engine: "SQLite", Version: "test", Log: log,
	}
	h.cfg.Leaks = &pipeline.LeakBook{
		Org: orgs, Alerts: h.store.Concerns(),
		Leak: leak.New(leak.Config{Store: h.store.Leaks(), Own: pipeline.Ours{Org: orgs}, Key: func() ([]byte, error) { return make([]byte, credential.KeySize), nil }, Keep: 730 * 24 * time.Hour}),
	}
	shelf := pipeline.Shelf{Collect: h.cfg.Collect, Knowledge: pipeline.Knowledge{Intel: in, Org: orgs}, Detect: rules, Rules: h.cfg.Rules}
	h.cfg.Attack, err = shipped.Attack()
	h.must(err)
	h.cfg.Landscape = &pipeline.Landscape{
		Intel: in, Org: orgs, Alerts: alerts, Watching: pipeline.Watching{Detect: rules, Rules: h.cfg.Rules},
		Reader: landscape.NewReader([]landscape.Place{{Code: "CH", Name: "Switzerland", Names: []string{"Swiss"}}, {Code: "DE", Name: "Germany"}}),
	}
	h.cfg.Setup = pipeline.Setup{Alerts: alerts, Landscape: h.cfg.Landscape, Intel: in, Exposure: exposure.New(h.store.Exposures()), Strangers: &h.strangers}
	reader, err := extraction()
	h.must(err)
	h.cfg.Reports = report.New(report.Config{Store: h.store.Reports(), Engine: reader, Publisher: shelf, Eyes: shelf})
}

// extraction reads reports with the catalogue and the names that ship.
var extraction = sync.OnceValues(func() (*extract.Engine, error) {
	catalogue, err := shipped.Attack()
	if err != nil {
		return nil, err
	}
	names, err := extract.DecodeNames(shipped.ExtractNames())
	if err != nil {
		return nil, err
	}
	model, err := extract.DecodeModel(shipped.ExtractTechniques())
	if err != nil {
		return nil, err
	}
	return extract.New(extract.Knowledge{Catalogue: catalogue, Names: names, Model: model}), nil
})

func technique(id string) (string, []string, bool) {
	switch id {
	case "T1071.004":
		return "Application Layer Protocol: DNS", []string{"command-and-control"}, true
	case "T1566":
		return "Phishing", []string{"initial-access"}, true
	}
	return "", nil, false
}

type logWriter struct{ h *house }

func (w logWriter) Write(b []byte) (int, error) {
	w.h.logMu.Lock()
	defer w.h.logMu.Unlock()
	return w.h.log.Write(b)
}

func (h *house) logged() string {
	h.logMu.Lock()
	defer h.logMu.Unlock()
	return h.log.String()
}

// system is a context in which the product itself acts.
func system() context.Context { return ref.WithActor(context.Background(), ref.SystemActor) }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// users makes one user per role, named after it, with a session but without a
// password: hashing three of them takes longer than most tests.
func (h *house) users() {
	h.t.Helper()
	for _, r := range []ref.Role{ref.Viewer, ref.Analyst, ref.Admin} {
		u := identity.User{ID: "user-" + r.String(), Name: r.String(), Role: r, Created: time.Now()}
		h.must(h.store.Identities().SaveUser(system(), u, ref.Act{}))
		secret, hash := identity.NewSecret("")
		now := time.Now()
		h.must(h.store.Identities().SaveSession(system(), identity.Session{Hash: hash, User: u.ID, Created: now, Seen: now, Expires: now.Add(time.Hour)}))
		h.cookies[r.String()] = secret
	}
}

// sample is what the seeded incidents are made of: host met value.
type sample struct {
	host, value, raw string
	after            time.Duration
	names            []string
	crit             float64
	level            string // another product's alert instead
	title            string
	typ              indicator.Type
}

func (h *house) meet(s sample) string {
	h.t.Helper()
	typ := s.typ
	if typ == "" {
		typ = indicator.Domain
	}
	at := time.Now().UTC().Add(-6 * time.Hour).Add(s.after)
	raw := s.raw
	if raw == "" {
		raw = eve(at, s.value)
	}
	seq, err := h.history.Append(system(), []telemetry.Record{{Received: at, Source: "http/sensor-1", Raw: []byte(raw)}})
	h.must(err)
	h.must(h.history.Note(system(), seq, telemetry.Note{Time: time.Now(), Source: "test", Values: []telemetry.Value{{Key: pipeline.KeyOf(typ, s.value), Type: typ, Text: s.value}}}))
	ev := pipeline.EventRef(seq)
	key := indicator.ID(typ, s.value)
	d := alert.Detection{
		ID: alert.DetectionID(ev, key, "dns.question.name"), Time: at, Event: ev, Sensor: "intelligence",
		Summary: s.host + " looked up " + indicator.Defang(s.value), Tactic: "command-and-control", Techniques: []string{"T1071.004"},
		Reason: alert.Reason{
			Kind: alert.ByIndicator, Key: key, Title: indicator.Defang(s.value), Type: typ, Value: s.value, Confidence: 85,
			Names: s.names, Sources: []string{"urlhaus", "threatfox"},
		},
		Observable: alert.Observable{Type: typ, Value: s.value, Field: "dns.question.name"},
		Entity: alert.Entity{
			Kind: "host", Name: s.host, Criticality: s.crit, Why: s.host + ", of high criticality: order intake depends on it", Owner: "shop team", Exposed: s.crit > 10,
			Reputation: 1.5, ReputationWhy: s.host + " holds customers' data", Label: "order intake",
		},
	}
	if s.level != "" {
		d.Sensor, d.Reason = "suricata", alert.Reason{Kind: alert.ByProduct, Key: "suricata/" + s.title, Title: s.title, Level: s.level}
		d.Summary, d.Blocked, d.Tactic = s.host+": "+s.title+" (blocked)", true, "reconnaissance"
	}
	if s.title != "" && s.level == "" {
		d.Summary = s.title
	}
	taken, err := h.cfg.Alerts.Take(system(), []alert.Detection{d}, nil)
	h.must(err)
	return taken.Incidents[0]
}

// eve is a DNS record as Suricata writes it.
func eve(at time.Time, name string) string {
	b, _ := json.Marshal(map[string]any{
		"timestamp": at.Format("2006-01-02T15:04:05.000000-0700"), "event_type": "dns", "src_ip": "10.20.0.7", "src_port": 51234, "dest_ip": "10.20.0.2", "dest_port": 53,
		"proto": "UDP", "dns": map[string]any{"type": "query", "rrname": name, "rrtype": "A"},
	})
	return string(b)
}

// know brings claims into the knowledge base.
func (h *house) know(source string, confidence int, names []string, t indicator.Type, values ...string) {
	h.t.Helper()
	var claims []indicator.Claim
	for _, v := range values {
		claims = append(claims, indicator.Claim{
			Type: t, Raw: v, Names: names, Confidence: confidence, TLP: indicator.TLPGreen, LastSeen: time.Now().Add(-26 * time.Hour),
			Comment: "command and control", Reference: "https://reports.example/2026-02",
		})
	}
	_, _, _, err := h.cfg.Intel.Merge(system(), source, "run-1", claims)
	h.must(err)
}

const (
	actorID     = "intrusion-set--18854f55-ac7c-4634-bd9a-352dd07613b7"
	malwareID   = "malware--a7881f21-e978-4fe4-af56-92c9416a2616"
	techniqueID = "attack-pattern--1996eef1-ced3-4d7f-bf94-33298cabbf72"
)

const profile = `name: Example AG
sectors: [retail]
countries: [CH]
domains: [example.ch]
networks:
  - {name: office, ranges: [10.20.0.0/16], criticality: normal, owner: IT}
assets:
  - {id: shop, name: shop-db-1, hostnames: [shop-db-1], addresses: [10.20.0.7], criticality: crown-jewel, owner: shop team, services: [order intake], data: customer}
people:
  - {name: Kim Muster, role: administrator, accounts: [kmuster], privileged: true}
suppliers:
  - {name: Paper Ltd, domains: [paper.example], criticality: low}
never_block: [partner.example]
`

// furnish fills the house with a small company's morning and returns the most
// urgent incident.
func (h *house) furnish() string {
	h.t.Helper()
	h.users()
	_, err := h.cfg.Org.Import(system(), []byte(profile))
	h.must(err)
	h.know("urlhaus", 80, []string{"Cobalt Strike"}, indicator.Domain, "evil.example", "cdn.evil.example", "bad.example")
	h.know("threatfox", 75, []string{"CobaltStrike", "APT29"}, indicator.Domain, "evil.example")
	h.know("urlhaus", 60, nil, indicator.URL, "http://bad.example/dropper.exe?id=7")
	h.know("ipsum", 40, nil, indicator.IPv4, "203.0.113.7", "198.51.100.23")
	_, err = h.cfg.Intel.Know(system(), []intel.Entity{
		{ID: actorID, Type: "intrusion-set", Name: "APT29", Aliases: []string{"Cozy Bear", "Midnight Blizzard"}, AttackID: "G0016", Description: "A group that has operated since at least 2008.\nMore.", Source: "attack"},
		{ID: malwareID, Type: "tool", Name: "Cobalt Strike", AttackID: "S0154", Description: "A commercial remote access tool.", Source: "attack"},
		{ID: techniqueID, Type: "attack-pattern", Name: "DNS", AttackID: "T1071.004", Source: "attack"},
	}, []intel.Relation{
		{From: ref.Ref{Kind: ref.Entity, ID: actorID}, Type: "uses", To: ref.Ref{Kind: ref.Entity, ID: malwareID}, Source: "attack"},
		{From: ref.Ref{Kind: ref.Entity, ID: malwareID}, Type: "uses", To: ref.Ref{Kind: ref.Entity, ID: techniqueID}, Source: "attack"},
	})
	h.must(err)
	h.must(h.matcher.Rebuild(system()))
	top := h.meet(sample{host: "shop-db-1", value: "evil.example", names: []string{"Cobalt Strike", "APT29"}, crit: 100})
	h.meet(sample{host: "shop-db-1", value: "bad.example", names: []string{"Cobalt Strike"}, crit: 100, after: time.Minute})
	h.meet(sample{host: "laptop-17", value: "tracker.example", crit: 3, after: 2 * time.Hour})
	h.meet(sample{host: "printer-3", value: "unused.example", crit: 1, after: 3 * time.Hour, level: "low", title: "ET SCAN Suspicious inbound to mySQL port 3306"})
	h.must(h.cfg.Alerts.Note(system(), top, "called the shop team"))
	_, err = h.cfg.Respond.Block(system(), respond.Order{Type: indicator.Domain, Value: "bad.example", Reason: "controller", Incident: top})
	h.must(err)
	_, err = h.cfg.Collect.Import(system(), collect.Order{Name: "list.txt", Reader: strings.NewReader("evil2.example\nnot a value at all\n300.1.2.3\nhttp://more.example/x\n")})
	h.must(err)
	h.must(h.cfg.Collect.Switch(system(), "example-list", true))
	return top
}

// request is what a browser of a signed-in user sends ("" = nobody).
func (h *house) request(user, method, target string, form url.Values) *http.Request {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "http://vedette.test"+target, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if c := h.cookies[user]; c != "" {
		r.AddCookie(&http.Cookie{Name: "vedette_session", Value: c})
	}
	return r
}

func (h *house) do(user, method, target string, form url.Values) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, h.request(user, method, target, form))
	return w
}

func firstLines(s string) string {
	if len(s) > 4000 {
		s = s[:4000]
	}
	return s
}

// pages lists a URL of every page there is in a furnished house.
func pages(top string) []string {
	return []string{
		"/", "/?state=all&q=shop", "/?q=nothing-like-this", "/incidents/" + top, "/events/1",
		"/intel", "/intel?q=evil.example", "/intel?q=APT29&state=all", "/intel?q=192.0.2.99", "/indicators/" + indicator.ID(indicator.Domain, "evil.example"),
		"/lookup?type=domain-name&value=unknown.example", "/entities/" + actorID, "/entities/" + malwareID, "/entities/" + techniqueID, "/techniques/T1566",
		"/threats", "/threats?state=unknown&why=sector&q=apt", "/attack", "/attack?by=actors&domain=ics", "/attack?by=seen", "/feeds", "/feeds/example-list", "/blocks", "/blocks/new?type=domain-name&value=evil.example&incident=" + top,
		"/blocks/new?type=ipv4-addr&value=10.20.0.7", "/organisation", "/leaks", "/leaks?kind=stealer&q=example", "/health", "/audit", "/people",
		"/hunt", "/hunt?q=&since=", "/hunt?q=evil.example&since=", "/hunt?q=source.ip%3A*+%7C+count+by+source.ip%2C+event.dataset+%7C+histogram+1h&since=",
	}
}
