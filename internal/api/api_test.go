package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/vedette-soc/vedette/internal/api"
	"github.com/vedette-soc/vedette/internal/app"
	"github.com/vedette-soc/vedette/internal/app/apptest"
	"github.com/vedette-soc/vedette/internal/config"
)

// house is a running system with a token of each role.
type house struct {
	url    string
	tokens map[string]string // secret by role; "" = none, "wrong" = one nobody has
}

func open(t *testing.T) house {
	t.Helper()
	c := config.Default()
	c.Data, c.Listen, c.Intake.Listen, c.Devices.Listen, c.Private.Listen = apptest.Data(t), "127.0.0.1:0", "", "", ""
	sys, err := app.Open(t.Context(), app.Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	started, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- sys.Run(ctx, func(l app.Listening) error { started <- l.Web; return nil })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the system ended with %v", err)
		}
		if err := sys.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	h := house{url: <-started, tokens: map[string]string{"wrong": "vdt_wrong"}}
	client, err := app.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for _, role := range []string{"sender", "viewer", "analyst", "admin"} {
		var made api.TokenView
		if err := client.Call(t.Context(), "POST", "/tokens", map[string]string{"name": role, "role": role}, &made); err != nil {
			t.Fatal(err)
		}
		h.tokens[role] = made.Secret
	}
	return h
}

// do sends a request as a role and returns the status and the body.
func (h house) do(t *testing.T, role, method, path, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if secret := h.tokens[role]; secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if kind := res.Header.Get("Content-Type"); kind != "application/json; charset=utf-8" || !json.Valid(out) {
		t.Errorf("%s %s: %s is no JSON: %.200s", method, path, kind, out)
	}
	if (res.StatusCode == http.StatusUnauthorized) != (res.Header.Get("WWW-Authenticate") != "") {
		t.Errorf("%s %s: %s with WWW-Authenticate %q", method, path, res.Status, res.Header.Get("WWW-Authenticate"))
	}
	return res.StatusCode, bytes.TrimSpace(out)
}

// fails sends a request that must fail and returns how.
func (h house) fails(t *testing.T, role, method, path, body string) (int, api.FailureDetail) {
	t.Helper()
	status, out := h.do(t, role, method, path, body)
	var f api.Failure
	if err := json.Unmarshal(out, &f); err != nil || f.Error.Code == "" || f.Error.Message == "" {
		t.Errorf("%s %s: %d is no failure: %.200s", method, path, status, out)
	}
	return status, f.Error
}

func TestScenarios(t *testing.T) {
	h := open(t)
	const profile = "name: Test House\ndomains: [house.example]\n"
	for _, tt := range []struct {
		name, role, method, path, body string
		status                         int
		want                           string // in the answer
	}{
		{"no token", "", "GET", "/health", "", 401, `"code":"token_missing"`},
		{"a wrong token", "wrong", "GET", "/health", "", 401, `"code":"token_unknown"`},
		{"the description needs none", "", "GET", "/openapi.json", "", 200, `"openapi":"3.1.0"`},
		{"a sender may only send", "sender", "GET", "/health", "", 403, `"code":"denied"`},
		{"a viewer may look", "viewer", "GET", "/health", "", 200, `"workers":[`},
		{"a viewer may not judge", "viewer", "POST", "/incidents/x/verdict", `{}`, 403, `"code":"denied"`},
		{"an analyst may not make users", "analyst", "POST", "/users", `{}`, 403, `"code":"denied"`},

		{"an unknown route", "admin", "GET", "/nonsense", "", 404, `"code":"route_unknown"`},
		{"a wrong method", "admin", "DELETE", "/health", "", 404, `"code":"route_unknown"`},
		{"an unknown parameter", "viewer", "GET", "/incidents?colour=red", "", 400, `no parameter \"colour\"`},
		{"a parameter twice", "viewer", "GET", "/incidents?limit=1&limit=2", "", 400, `"code":"parameter_invalid"`},
		{"no number", "viewer", "GET", "/incidents?limit=ten", "", 400, `limit=\"ten\"`},
		{"a negative number", "viewer", "GET", "/indicators?limit=-1", "", 400, `"code":"parameter_invalid"`},
		{"neither true nor false", "analyst", "POST", "/indicators/import?dry_run=1", "evil.example", 400, `dry_run=\"1\"`},
		{"a cursor of somebody else", "viewer", "GET", "/indicators?cursor=nonsense", "", 400, `"code":"cursor_invalid"`},
		{"a cursor that is none", "viewer", "GET", "/rules?cursor=-1", "", 400, `"code":"cursor_invalid"`},
		{"an unknown state", "viewer", "GET", "/indicators?state=nonsense", "", 400, `"code":"state_unknown"`},

		{"an unknown field", "admin", "POST", "/tokens", `{"name":"x","colour":"red"}`, 400, `unknown field \"colour\"`},
		{"no JSON", "admin", "POST", "/tokens", `name=x`, 400, `"code":"body_invalid"`},
		{"no body", "admin", "POST", "/tokens", ``, 400, `"code":"body_invalid"`},
		{"a wrong type", "admin", "POST", "/tokens", `{"name":1}`, 400, `"code":"body_invalid"`},
		{"two bodies", "admin", "POST", "/tokens", `{"name":"x","role":"viewer"}{}`, 400, `something follows it`},
		{"too large a body", "viewer", "POST", "/indicators/lookup", `{"values":["` + strings.Repeat("a", 5<<20) + `"]}`, 400, `too large`},
		{"too many values", "viewer", "POST", "/indicators/lookup", `{"values":[` + strings.Repeat(`"a",`, 10_000) + `"a"]}`, 400, `"code":"too_many_values"`},

		{"an unknown incident", "viewer", "GET", "/incidents/nonsense", "", 404, `"code":"incident_unknown"`},
		{"an unknown indicator", "viewer", "GET", "/indicators/nonsense", "", 404, `"code":"indicator_unknown"`},
		{"an unknown event", "viewer", "GET", "/events/1", "", 404, `"code":"event_unknown"`},
		{"an event that is no number", "viewer", "GET", "/events/-1", "", 404, `"code":"event_unknown"`},
		{"an unknown feed", "viewer", "GET", "/feeds/nonsense", "", 404, `"code":"feed_unknown"`},
		{"an unknown list", "admin", "DELETE", "/lists/nonsense", "", 404, `unknown"`},
		{"an unknown token", "admin", "DELETE", "/tokens/nonsense", "", 404, `"code":"token_unknown"`},
		{"an unknown block", "analyst", "POST", "/blocks/nonsense/undo", `{"text":"x"}`, 404, `unknown"`},

		{"an import", "analyst", "POST", "/indicators/import?name=list.txt&source=partner", "evil.example\n010.1.2.3\n", 200, `"report":{"in":2,"stored":1,"merged":0,"dropped":{"bad-address":1}`},
		{"an import that is a page", "analyst", "POST", "/indicators/import?name=list.txt", "<!DOCTYPE html><html></html>", 400, `web page`},
		{"a dry run", "analyst", "POST", "/indicators/import?dry_run=true", "other.example\n", 200, `"stored":1`},
		{"counts", "viewer", "GET", "/counts", "", 200, `"total":1`},
		{"a search", "viewer", "GET", "/indicators?source=partner&limit=10", "", 200, `"value":"evil.example"`},
		{"a look-up", "viewer", "POST", "/indicators/lookup", `{"values":["hxxp://evil[.]example"]}`, 200, `"items":[{"value":"http://evil.example/"`},
		{"a name", "viewer", "POST", "/entities/resolve", `{"values":["APT29"]}`, 200, `"attack_id":"G0016"`},
		{"entities", "viewer", "GET", "/entities?q=apt29&type=intrusion-set", "", 200, `"G0016"`},
		{"an entity", "viewer", "GET", "/entities/intrusion-set--899ce53f-13a0-479b-a0e4-67d46e241542", "", 200, `"relations":[{`},
		{"a profile", "analyst", "PUT", "/profile", profile, 200, `"name":"Test House"`},
		{"a wrong profile", "analyst", "PUT", "/profile", "nam: x\n", 400, `line 1`},
		{"the profile stays", "viewer", "GET", "/profile", "", 200, `"name":"Test House"`},

		{"the queue", "viewer", "GET", "/incidents", "", 200, `{"items":[]}`},
		{"feeds", "viewer", "GET", "/feeds", "", 200, `"id":"abusech-urlhaus-recent"`},
		{"a wrong feed", "admin", "POST", "/feeds", `{"id":"x"}`, 400, `"fields":{"interval":`},
		{"runs", "viewer", "GET", "/runs", "", 200, `"feed":"partner"`},
		{"a preview of our own", "viewer", "POST", "/blocks/preview", `{"value":"www.house.example"}`, 200, `"refused":[{`},
		{"a block of our own", "analyst", "POST", "/blocks", `{"value":"www.house.example","reason":"x"}`, 403, `"code":"block_refused"`},
		{"a block of nonsense", "analyst", "POST", "/blocks", `{"value":"nonsense!","reason":"x"}`, 400, `"code":"value_invalid"`},
		{"a block for nonsense", "analyst", "POST", "/blocks", `{"value":"evil.example","reason":"x","life":"soon"}`, 400, `"code":"life_invalid"`},
		{"a block", "analyst", "POST", "/blocks", `{"value":"evil.example","reason":"x","life":"1h"}`, 200, `"value":"evil.example"`},
		{"the same block", "analyst", "POST", "/blocks", `{"value":"evil.example","reason":"again"}`, 200, `"state":"active"`},
		{"blocks", "viewer", "GET", "/blocks", "", 200, `"value":"evil.example"`},
		{"a list", "admin", "POST", "/lists", `{"name":"border","kind":"domain","capacity":10}`, 200, `"token":"vdl_`},
		{"lists hide tokens", "viewer", "GET", "/lists", "", 200, `"name":"border","kind":"domain","capacity":10,`},
		{"a user", "admin", "POST", "/users", `{"name":"ada","password":"correct horse battery","role":"analyst"}`, 200, `"name":"ada"`},
		{"a user with a short password", "admin", "POST", "/users", `{"name":"eve","password":"x","role":"analyst"}`, 400, `"fields":{"password":`},
		{"a role that is none", "admin", "POST", "/users", `{"name":"eve","password":"correct horse battery","role":"king"}`, 400, `"code":"body_invalid"`},
		{"the audit log", "admin", "GET", "/audit?target=user/x", "", 200, `{"items":[]}`},
		{"an audit target that is none", "admin", "GET", "/audit?target=x", "", 400, `"code":"target_invalid"`},
		{"the chain", "admin", "GET", "/audit/verify", "", 200, `"whole":true`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out := h.do(t, tt.role, tt.method, "/api/v1"+tt.path, tt.body)
			if status != tt.status || !strings.Contains(string(out), tt.want) {
				t.Errorf("%d %.400s\nwant %d %s", status, out, tt.status, tt.want)
			}
		})
	}
}

// TestRulesInPages: the pages of the list of rules are the list, each rule once.
func TestRulesInPages(t *testing.T) {
	h := open(t)
	read := func(query string) (l api.RuleList) {
		t.Helper()
		status, out := h.do(t, "viewer", "GET", "/api/v1/rules"+query, "")
		if err := json.Unmarshal(out, &l); err != nil || status != http.StatusOK {
			t.Fatalf("%d %.200s: %v", status, out, err)
		}
		return l
	}
	all := read("?limit=500")
	if all.Next != "" || all.Total != len(all.Items) || all.Total < 3 {
		t.Fatalf("%d of %d rules, next %q: want all of them, and some", len(all.Items), all.Total, all.Next)
	}
	var ids []string
	for next := "first"; next != ""; {
		l := read("?limit=2" + strings.TrimPrefix("&cursor="+next, "&cursor=first"))
		for _, r := range l.Items {
			ids = append(ids, r.ID)
		}
		next = l.Next
	}
	for i, r := range all.Items {
		if i >= len(ids) || ids[i] != r.ID {
			t.Fatalf("pages give %q, the list has %q at %d", ids, r.ID, i)
		}
	}
	if len(ids) != all.Total {
		t.Errorf("the pages have %d rules, the list %d", len(ids), all.Total)
	}
}
