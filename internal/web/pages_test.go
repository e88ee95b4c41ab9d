package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/web"
)

func TestTemplatesRenderZeroValues(t *testing.T) {
	errs := web.RenderZero()
	for _, name := range web.PageNames() {
		err, rendered := errs[name]
		if !rendered {
			t.Errorf("page %s is rendered by no struct", name)
		}
		if err != nil {
			t.Errorf("page %s: %v", name, err)
		}
	}
}

// scenario is one request and what must come back.
type scenario struct {
	name   string
	user   string
	method string
	target string
	form   url.Values
	status int
	has    []string
	hasNot []string
	to     string // where a redirect leads
}

func (h *house) play(t *testing.T, s scenario) {
	t.Helper()
	if s.method == "" {
		s.method = "GET"
	}
	w := h.do(s.user, s.method, s.target, s.form)
	if w.Code != s.status {
		t.Fatalf("%s: status %d, want %d\n%s", s.name, w.Code, s.status, firstLines(w.Body.String()))
	}
	if got := w.Header().Get("Location"); s.to != "" && got != s.to {
		t.Errorf("%s: leads to %q, want %q", s.name, got, s.to)
	}
	for _, want := range s.has {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: the page lacks %q", s.name, want)
		}
	}
	for _, not := range s.hasNot {
		if strings.Contains(w.Body.String(), not) {
			t.Errorf("%s: the page has %q", s.name, not)
		}
	}
}

// TestLookupOfOlderSpelling: what is kept in a spelling of before is found by that.
func TestLookupOfOlderSpelling(t *testing.T) {
	h := newHouse(t)
	h.users()
	const older, today = "http://evil.example/a%5Fb", "http://evil.example/a_b"
	h.know("urlhaus", 90, nil, indicator.URL, older)
	target := "/lookup?type=url&value=" + url.QueryEscape(older)
	h.play(t, scenario{name: "as it is kept", user: "viewer", target: target, status: 303, to: "/indicators/" + indicator.ID(indicator.URL, older)})
	h.know("urlhaus", 90, nil, indicator.URL, today)
	h.play(t, scenario{name: "as it came again", user: "viewer", target: target, status: 303, to: "/indicators/" + indicator.ID(indicator.URL, today)})
}

func TestPages(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	for _, s := range []scenario{
		{name: "the queue opens with the most urgent", user: "viewer", target: "/", status: 200, has: []string{"shop-db-1 looked up", "Why", "What we know"}, hasNot: []string{"Assign to me", "/verdict"}},
		{name: "an incident opens with why", user: "analyst", target: "/incidents/" + top, status: 200, has: []string{`<h1 class="in-title">shop-db-1`, "Log-odds", "APT29", "T1071.004", "evil[.]example", "called the shop team", "/verdict", "Block…"}, hasNot: []string{">evil.example<"}},
		{name: "a filter that nothing meets", user: "viewer", target: "/?level=low&q=nowhere", status: 200, has: []string{"No incident meets this filter"}},
		{name: "an unknown incident", user: "viewer", target: "/incidents/nope", status: 404, has: []string{"Not found"}},
		{name: "a broken cursor", user: "viewer", target: "/?cursor=%21", status: 400, has: []string{"start again without it"}},
		{name: "an event with its fields", user: "viewer", target: "/events/1", status: 200, has: []string{"<h1>Event 1</h1>", "dns.question.name", "evil[.]example", "As it arrived"}},
		{name: "an event that is no number", user: "viewer", target: "/events/x", status: 404},
		{name: "an indicator", user: "analyst", target: "/indicators/" + indicator.ID(indicator.Domain, "evil.example"), status: 200, has: []string{"urlhaus", "threatfox", "95 %", "APT29", "the product of (1 − what each adds) = 95 %", "Decide it yourself", "shop-db-1 looked up"}},
		{name: "an indicator long ago", user: "viewer", target: "/indicators/" + indicator.ID(indicator.Domain, "evil.example") + "?as-of=2020-01-01", status: 200, has: []string{"What did we know when?", `state-unknown">unknown`, "No source claimed it then"}},
		{name: "an indicator at no time", user: "viewer", target: "/indicators/" + indicator.ID(indicator.Domain, "evil.example") + "?as-of=soon", status: 400},
		{name: "a known value leads to its indicator", user: "viewer", target: "/lookup?type=domain-name&value=EVIL.example", status: 303, to: "/indicators/" + indicator.ID(indicator.Domain, "evil.example")},
		{name: "an unknown value says so", user: "viewer", target: "/lookup?type=domain-name&value=new.example", status: 200, has: []string{"not the same as harmless"}},
		{name: "a value that is none", user: "viewer", target: "/lookup?type=ipv4-addr&value=300.1.1.1", status: 400},
		{name: "search by a defanged value", user: "viewer", target: "/intel?q=evil%5B.%5Dexample", status: 200, has: []string{"evil[.]example"}, hasNot: []string{"Import</h2>"}},
		{name: "search by actor", user: "viewer", target: "/intel?q=Cozy+Bear", status: 200, has: []string{"APT29", "/entities/" + actorID}},
		{name: "an actor", user: "viewer", target: "/entities/" + actorID, status: 200, has: []string{"Midnight Blizzard", "Cobalt Strike", `href="https://attack.mitre.org/groups/G0016"`}},
		{name: "a technique by its id", user: "viewer", target: "/techniques/T1071.004", status: 303, to: "/entities/" + techniqueID},
		{name: "a technique of the catalogue", user: "viewer", target: "/techniques/T1566", status: 200, has: []string{"Phishing", "initial access"}},
		{name: "no technique", user: "viewer", target: "/techniques/T0", status: 404},
		{name: "feeds with their loss", user: "viewer", target: "/feeds", status: 200, has: []string{"Example list", "4 read", "2 dropped"}, hasNot: []string{"Turn off", "Run now"}},
		{name: "a feed", user: "admin", target: "/feeds/example-list", status: 200, has: []string{"CC0", "Turn off", "It never ran"}},
		{name: "blocks", user: "viewer", target: "/blocks", status: 200, has: []string{"bad[.]example", "nothing enforces it", "controller"}, hasNot: []string{"Undo</button>"}},
		{name: "the preview of a block", user: "analyst", target: "/blocks/new?type=domain-name&value=evil.example&incident=" + top, status: 200, has: []string{"1 stored event", "shop-db-1", "7 days", "Block it"}},
		{name: "a block of our own", user: "analyst", target: "/blocks/new?type=ipv4-addr&value=10.20.0.7", status: 200, has: []string{"must not be blocked", "own asset", "private space"}, hasNot: []string{"Block it"}},
		{name: "the organisation", user: "viewer", target: "/organisation", status: 200, has: []string{"Example AG", "crown jewel", "Kim Muster", "partner.example"}, hasNot: []string{"Make it the profile"}},
		{name: "health", user: "viewer", target: "/health", status: 200, has: []string{"no route to host", "1 sender silent", "longer than 1h0m0s", "clock 8760h0m0s ahead", "SQLite", "1 worker not running"}},
		{name: "the audit log", user: "analyst", target: "/audit", status: 200, has: []string{"The chain is whole", "respond.block"}},
		{name: "people", user: "admin", target: "/people", status: 200, has: []string{"viewer", "Make a token"}},
		{name: "no such page", user: "viewer", target: "/nowhere", status: 404, has: []string{"Not found"}},
	} {
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
}

func TestVerdict(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	at := "/incidents/" + top
	h.play(t, scenario{name: "a false positive needs a reason", user: "analyst", method: "POST", target: at + "/verdict", form: url.Values{"verdict": {"false-positive"}}, status: 400, has: []string{"Say why", `<h1 class="in-title">`}})
	w := h.do("analyst", "POST", at+"/verdict?level=critical", url.Values{"verdict": {"false-positive"}, "reason": {"shared hosting"}})
	if to := w.Header().Get("Location"); w.Code != 303 || to != "/?judged="+top+"&level=critical" {
		t.Fatalf("after a verdict: %d %q", w.Code, to)
	}
	h.play(t, scenario{name: "it can be undone", user: "analyst", target: "/?judged=" + top, status: 200, has: []string{"Incident 1 is closed: False positive.", at + "/reopen"}})
	h.play(t, scenario{name: "it is closed", user: "analyst", target: "/?state=closed", status: 200, has: []string{"shared hosting", "Reopen"}})
	h.play(t, scenario{name: "reopen", user: "analyst", method: "POST", target: at + "/reopen", form: url.Values{"why": {"not so sure"}}, status: 303, to: at})
	h.play(t, scenario{name: "reopen again", user: "analyst", method: "POST", target: at + "/reopen", form: url.Values{}, status: 409, has: []string{"open already"}})
	h.play(t, scenario{name: "assign", user: "analyst", method: "POST", target: at + "/assign", form: url.Values{"to": {"me"}}, status: 303})
	h.play(t, scenario{name: "mine", user: "analyst", target: "/?owner=me", status: 200, has: []string{"shop-db-1", "Give it back"}})
	h.play(t, scenario{name: "note", user: "analyst", method: "POST", target: at + "/note", form: url.Values{"text": {"rang them up"}}, status: 303})
	h.play(t, scenario{name: "the timeline has it all", user: "viewer", target: at, status: 200, has: []string{"rang them up", "not so sure", "assigned to analyst"}})
	h.play(t, scenario{name: "many at once", user: "analyst", method: "POST", target: "/queue", form: url.Values{"id": {top}, "do": {"test"}}, status: 303, to: "/?changed=1"})
	h.play(t, scenario{name: "none selected", user: "analyst", method: "POST", target: "/queue", form: url.Values{"do": {"test"}}, status: 400})
	h.play(t, scenario{name: "only the detail", user: "viewer", target: "/?changed=1", status: 200, has: []string{"1 incident changed."}})
	if totals, err := h.cfg.Alerts.Totals(system()); err != nil || totals.Closed != 1 {
		t.Errorf("totals %+v, %v", totals, err)
	}
}

func TestPartOfAPage(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	r := h.request("viewer", "GET", "/incidents/"+top, nil)
	r.Header.Set("Vedette-Part", "detail")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if body := w.Body.String(); w.Code != 200 || strings.Contains(body, "<html") || !strings.Contains(body, "shop-db-1") {
		t.Errorf("the part is %d %s", w.Code, firstLines(body))
	}
}

func TestBlockAndUndo(t *testing.T) {
	h := newHouse(t)
	top := h.furnish()
	order := url.Values{"type": {"domain-name"}, "value": {"evil.example"}, "incident": {top}, "hours": {"24"}, "reason": {"controller"}}
	h.play(t, scenario{name: "block", user: "analyst", method: "POST", target: "/blocks", form: order, status: 303, to: "/incidents/" + top})
	h.play(t, scenario{name: "the incident tells", user: "viewer", target: "/incidents/" + top, status: 200, has: []string{"blocked evil[.]example until"}})
	h.play(t, scenario{name: "no reason", user: "analyst", method: "POST", target: "/blocks", form: url.Values{"type": {"domain-name"}, "value": {"x.example"}, "hours": {"24"}}, status: 400, has: []string{"Say why this is blocked", "Block it"}})
	h.play(t, scenario{name: "guard rail", user: "analyst", method: "POST", target: "/blocks", form: url.Values{"type": {"domain-name"}, "value": {"www.example.ch"}, "hours": {"24"}, "reason": {"x"}}, status: 403, has: []string{"must not be blocked"}})
	h.play(t, scenario{name: "too long", user: "analyst", method: "POST", target: "/blocks", form: url.Values{"type": {"domain-name"}, "value": {"x.example"}, "hours": {"9999"}, "reason": {"x"}}, status: 400})
	actions, err := h.cfg.Respond.Actions(system(), "active", top, 10)
	h.must(err)
	for _, a := range actions {
		h.play(t, scenario{name: "undo", user: "analyst", method: "POST", target: "/blocks/" + a.ID + "/undo", form: url.Values{"back": {"incident"}, "why": {"needed"}}, status: 303, to: "/incidents/" + top})
		h.play(t, scenario{name: "undo again", user: "analyst", method: "POST", target: "/blocks/" + a.ID + "/undo", form: url.Values{}, status: 409})
	}
	h.play(t, scenario{name: "ended", user: "viewer", target: "/blocks", status: 200, has: []string{"Nothing is blocked", "undone"}})
	h.play(t, scenario{name: "a list", user: "admin", method: "POST", target: "/lists", form: url.Values{"name": {"border"}, "kind": {"ip"}}, status: 200, has: []string{"vdl_", "https://vedette.example:8443/lists/", "shown only now"}})
	lists, err := h.cfg.Respond.Lists(system())
	h.must(err)
	h.play(t, scenario{name: "a new token", user: "admin", method: "POST", target: "/lists/" + lists[0].ID + "/rotate", form: url.Values{}, status: 200, has: []string{"vdl_"}})
	h.play(t, scenario{name: "remove", user: "admin", method: "POST", target: "/lists/" + lists[0].ID + "/delete", form: url.Values{}, status: 303, to: "/blocks"})
}

// upload posts a multipart form.
func (h *house) upload(t *testing.T, user, target string, fields map[string]string, fileName, content string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		h.must(m.WriteField(k, v))
	}
	if fileName != "" {
		f, err := m.CreateFormFile("file", fileName)
		h.must(err)
		_, err = f.Write([]byte(content))
		h.must(err)
	}
	h.must(m.Close())
	r := h.request(user, "POST", target, url.Values{})
	r.Body = http.NoBody
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = httptest.NewRequest("POST", "/", &b).Body, int64(b.Len())
	r.Header.Set("Content-Type", m.FormDataContentType())
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func TestImport(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	for _, tt := range []struct {
		name, file, content string
		fields              map[string]string
		status              int
		has                 string
	}{
		{"a file", "list.txt", "one.example\ntwo.example\n999.1.1.1\n", map[string]string{"names": "Emotet, APT28"}, 200, "1 dropped"},
		{"pasted text", "", "", map[string]string{"text": "hxxp://three[.]example/x"}, 200, "1 new"},
		{"a dry run", "list.txt", "four.example\n", map[string]string{"dry": "1"}, 200, "What an import would do"},
		{"nothing", "", "", nil, 400, "Choose a file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := h.upload(t, "analyst", "/intel/import", tt.fields, tt.file, tt.content)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) {
				t.Errorf("%d, want %d with %q\n%s", w.Code, tt.status, tt.has, firstLines(w.Body.String()))
			}
		})
	}
	row, err := h.cfg.Intel.Lookup(system(), indicator.Domain, "one.example")
	if err != nil || len(row.Names) != 2 {
		t.Errorf("imported row %+v, %v", row, err)
	}
	if _, err := h.cfg.Intel.Lookup(system(), indicator.Domain, "four.example"); err == nil {
		t.Error("a dry run stored something")
	}
}

func TestProfileUpload(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	w := h.upload(t, "analyst", "/organisation", map[string]string{"yaml": "name: Example AG\nassetz: []\n"}, "", "")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "assetz") {
		t.Errorf("an unknown key: %d\n%s", w.Code, firstLines(w.Body.String()))
	}
	w = h.upload(t, "analyst", "/organisation", nil, "profile.yaml", "name: Renamed AG\ntechnologies: [{name: nginx, vendor: F5, version: 1.22}]\n")
	if w.Code != 303 {
		t.Fatalf("upload: %d %s", w.Code, firstLines(w.Body.String()))
	}
	h.play(t, scenario{name: "shown", user: "viewer", target: "/organisation", status: 200, has: []string{"Renamed AG", "version 2", "Products in use", "nginx"}})
	w = h.upload(t, "analyst", "/organisation", nil, "hosts.csv", "name,ip\n<b>new</b>,203.0.113.99\n")
	for _, want := range []string{"What the inventory adds", "asset &lt;b&gt;new&lt;/b&gt;", "Nothing is saved yet", "203.0.113.99"} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("the preview of an inventory: %d, without %q", w.Code, want)
		}
	}
	w = h.upload(t, "analyst", "/organisation", nil, "notes.txt", "nothing")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "notes.txt is no inventory Vedette can read") {
		t.Errorf("a file that is no inventory: %d", w.Code)
	}
	h.play(t, scenario{name: "a preview saves nothing", user: "viewer", target: "/organisation", status: 200, has: []string{"Renamed AG", "version 2"}, hasNot: []string{"203.0.113.99"}})
}

func TestPinAndPeople(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	id := "/indicators/" + indicator.ID(indicator.Domain, "evil.example")
	for _, s := range []scenario{
		{name: "pin", user: "analyst", method: "POST", target: id + "/pin", form: url.Values{"confidence": {"10"}, "until": {"2030-01-31"}, "why": {"ours"}}, status: 303, to: id + "?saved=1"},
		{name: "pinned", user: "viewer", target: id + "?saved=1", status: 200, has: []string{"Fixed by analyst", "10 %", "Saved."}},
		{name: "a pin without a reason", user: "analyst", method: "POST", target: id + "/pin", form: url.Values{"confidence": {"10"}}, status: 400},
		{name: "a pin that is no number", user: "analyst", method: "POST", target: id + "/pin", form: url.Values{"confidence": {"x"}, "why": {"x"}}, status: 400},
		{name: "a weak password", user: "admin", method: "POST", target: "/users", form: url.Values{"name": {"kim"}, "password": {"short"}, "role": {"analyst"}}, status: 400, has: []string{"at least 12 characters", `value="kim"`}},
		{name: "a user", user: "admin", method: "POST", target: "/users", form: url.Values{"name": {"Kim"}, "password": {password}, "role": {"analyst"}}, status: 303, to: "/people"},
		{name: "the same user", user: "admin", method: "POST", target: "/users", form: url.Values{"name": {"kim"}, "password": {password}, "role": {"analyst"}}, status: 409},
		{name: "no role", user: "admin", method: "POST", target: "/users", form: url.Values{"name": {"x"}, "password": {password}, "role": {"sender"}}, status: 400},
		{name: "a token", user: "admin", method: "POST", target: "/tokens", form: url.Values{"name": {"sensor-9"}, "role": {"sender"}, "days": {"30"}}, status: 200, has: []string{"vdt_", "sensor-9"}},
		{name: "the token is not shown again", user: "admin", target: "/people", status: 200, has: []string{"sensor-9"}, hasNot: []string{"vdt_"}},
		{name: "add a feed", user: "admin", method: "POST", target: "/feeds", form: url.Values{"id": {"own"}, "url": {"https://feeds.example/own.txt"}, "interval": {"1h"}}, status: 303, to: "/feeds/own"},
		{name: "a feed too often", user: "admin", method: "POST", target: "/feeds", form: url.Values{"id": {"own2"}, "url": {"https://feeds.example/own.txt"}, "interval": {"1s"}}, status: 400, has: []string{"shortest interval"}},
		{name: "switch off", user: "admin", method: "POST", target: "/feeds/own/switch", form: url.Values{}, status: 303},
		{name: "acknowledge", user: "analyst", method: "POST", target: "/feeds/own/acknowledge", form: url.Values{"why": {"right"}}, status: 303},
		{name: "remove", user: "admin", method: "POST", target: "/feeds/own/delete", form: url.Values{}, status: 303, to: "/feeds"},
		{name: "audit of one thing", user: "analyst", target: "/audit?target=feed%2Fown", status: 200, has: []string{"collect.delete-feed"}, hasNot: []string{"respond.block"}},
	} {
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
	tokens, err := h.cfg.Identity.Tokens(system())
	h.must(err)
	h.play(t, scenario{name: "revoke", user: "admin", method: "POST", target: "/tokens/" + tokens[0].ID + "/revoke", form: url.Values{}, status: 303})
}

// An empty house shows what to do next, not tables without rows.
func TestEmptyHouse(t *testing.T) {
	h := newHouse(t)
	h.users()
	for _, s := range []scenario{
		{name: "queue", target: "/", has: []string{"Nothing waits for a decision", `href="/feeds"`, "vedette feed enable", "/v1/events", "0 stored events", "no profile"}},
		{name: "intel", target: "/intel", has: []string{"Nothing is known yet", `href="/feeds"`, "vedette intel import"}},
		{name: "feeds", target: "/feeds", has: []string{"No feed is chosen", "names of controllers", "CC0"}},
		{name: "blocks", target: "/blocks", has: []string{"Nothing is blocked", "Make a list here"}},
		{name: "organisation", target: "/organisation", has: []string{"No profile yet"}},
		{name: "health", target: "/health"},
	} {
		s.user, s.status = "admin", 200
		t.Run(s.name, func(t *testing.T) { h.play(t, s) })
	}
	if n := len(alert.Verdicts); n != 6 {
		t.Errorf("%d verdicts, the keys 1 to 6 need six", n)
	}
}
