package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// operation is one operation of the OpenAPI document.
type operation struct {
	Summary     string                `json:"summary"`
	OperationID string                `json:"operationId"`
	Role        string                `json:"x-role"`
	Security    []map[string][]string `json:"security"`
	Parameters  []struct{ Name, In string }
	RequestBody struct {
		Content map[string]json.RawMessage `json:"content"`
	} `json:"requestBody"`
	Responses map[string]json.RawMessage `json:"responses"`
}

// routes is the contract: what is here does not change without a reason.
var routes = []string{
	"DELETE /api/v1/feeds/{id} admin",
	"DELETE /api/v1/hunts/{id} analyst",
	"DELETE /api/v1/lists/{id} admin",
	"DELETE /api/v1/tokens/{id} admin",
	"GET /api/v1/attack/layer viewer", "GET /api/v1/audit admin",
	"GET /api/v1/audit/verify admin",
	"GET /api/v1/backtests viewer",
	"GET /api/v1/backup admin",
	"GET /api/v1/blocks viewer",
	"GET /api/v1/counts viewer",
	"GET /api/v1/doctor admin",
	"GET /api/v1/entities viewer",
	"GET /api/v1/entities/{id} viewer",
	"GET /api/v1/events/{id} viewer",
	"GET /api/v1/exceptions viewer",
	"GET /api/v1/feeds viewer",
	"GET /api/v1/feeds/audit viewer",
	"GET /api/v1/feeds/{id} viewer",
	"GET /api/v1/feeds/{id}/life viewer",
	"GET /api/v1/feeds/{id}/runs viewer",
	"GET /api/v1/health viewer",
	"GET /api/v1/history/imports analyst",
	"GET /api/v1/history/parquet analyst",
	"GET /api/v1/history/parts analyst",
	"GET /api/v1/hunt/jobs viewer",
	"GET /api/v1/hunt/jobs/{id} viewer",
	"GET /api/v1/hunt/lists viewer",
	"GET /api/v1/hunts viewer",
	"GET /api/v1/hunts/{id} viewer",
	"GET /api/v1/incidents viewer",
	"GET /api/v1/incidents/{id} viewer",
	"GET /api/v1/incidents/{id}/dossier viewer",
	"GET /api/v1/indicators viewer",
	"GET /api/v1/indicators/export viewer",
	"GET /api/v1/indicators/{id} viewer",
	"GET /api/v1/indicators/{id}/reckoning viewer",
	"GET /api/v1/indicators/{id}/tags viewer",
	"GET /api/v1/landscape viewer",
	"GET /api/v1/landscape/campaigns viewer", "GET /api/v1/leaks admin", "GET /api/v1/lists viewer",
	"GET /api/v1/openapi.json nobody",
	"GET /api/v1/packs viewer",
	"GET /api/v1/profile viewer",
	"GET /api/v1/profile/hosts viewer",
	"GET /api/v1/queue/dead admin",
	"GET /api/v1/queue/dead/{id} admin",
	"GET /api/v1/reports viewer",
	"GET /api/v1/reports/{id} viewer",
	"GET /api/v1/reports/{id}/text viewer",
	"GET /api/v1/rule-sources viewer",
	"GET /api/v1/rules viewer",
	"GET /api/v1/rules/{id} viewer",
	"GET /api/v1/rules/{id}/explanation viewer",
	"GET /api/v1/rules/{id}/versions viewer",
	"GET /api/v1/runs viewer",
	"GET /api/v1/suppressions viewer",
	"GET /api/v1/tokens admin",
	"GET /api/v1/users admin",
	"POST /api/v1/blocks analyst",
	"POST /api/v1/blocks/preview viewer",
	"POST /api/v1/blocks/{id}/undo analyst",
	"POST /api/v1/entities/resolve viewer",
	"POST /api/v1/entities/same analyst", "POST /api/v1/entities/{id}/targeting analyst",
	"POST /api/v1/exceptions/{id}/end analyst",
	"POST /api/v1/feeds admin",
	"POST /api/v1/feeds/{id}/acknowledge analyst",
	"POST /api/v1/feeds/{id}/disable admin",
	"POST /api/v1/feeds/{id}/enable admin",
	"POST /api/v1/feeds/{id}/retire admin",
	"POST /api/v1/feeds/{id}/run analyst",
	"POST /api/v1/history/import analyst",
	"POST /api/v1/hunt viewer",
	"POST /api/v1/hunt/against analyst",
	"POST /api/v1/hunt/lists analyst",
	"POST /api/v1/hunt/retro analyst",
	"POST /api/v1/hunt/rule viewer",
	"POST /api/v1/hunts analyst",
	"POST /api/v1/hunts/{id}/run analyst",
	"POST /api/v1/incidents/{id}/merge analyst",
	"POST /api/v1/incidents/{id}/notes analyst",
	"POST /api/v1/incidents/{id}/owner analyst",
	"POST /api/v1/incidents/{id}/reopen analyst",
	"POST /api/v1/incidents/{id}/split analyst",
	"POST /api/v1/incidents/{id}/verdict analyst",
	"POST /api/v1/indicators/import analyst",
	"POST /api/v1/indicators/lookup viewer",
	"POST /api/v1/indicators/{id}/pin analyst",
	"POST /api/v1/leaks/erase admin",
	"POST /api/v1/leaks/import analyst",
	"POST /api/v1/lists admin",
	"POST /api/v1/lists/{id}/rotate admin",
	"POST /api/v1/packs/{id} analyst",
	"POST /api/v1/profile/hosts analyst",
	"POST /api/v1/profile/inventory analyst",
	"POST /api/v1/queue/dead/{id}/drop admin",
	"POST /api/v1/queue/dead/{id}/retry admin",
	"POST /api/v1/reports analyst",
	"POST /api/v1/reports/{id}/review analyst",
	"POST /api/v1/rule-sources/switch analyst",
	"POST /api/v1/rules/switch analyst",
	"POST /api/v1/rules/{id}/backtests analyst",
	"POST /api/v1/rules/{id}/exceptions analyst",
	"POST /api/v1/suppressions/{id}/accept analyst",
	"POST /api/v1/suppressions/{id}/dismiss analyst",
	"POST /api/v1/suppressions/{id}/undo analyst",
	"POST /api/v1/tokens admin",
	"POST /api/v1/users admin",
	"PUT /api/v1/profile analyst",
}

// TestOpenAPI holds the description against itself and against the server.
func TestOpenAPI(t *testing.T) {
	h := open(t)
	status, raw := h.do(t, "", "GET", "/api/v1/openapi.json", "")
	var doc struct {
		Paths      map[string]map[string]operation
		Components struct {
			Schemas         map[string]json.RawMessage
			SecuritySchemes map[string]json.RawMessage `json:"securitySchemes"`
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	var got []string
	ids := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, op := range operations {
			method = strings.ToUpper(method)
			got = append(got, fmt.Sprintf("%s %s %s", method, path, op.Role))
			if ids[op.OperationID] || op.Summary == "" || op.Responses["200"] == nil || op.Responses["default"] == nil {
				t.Errorf("%s %s: id %q, summary %q", method, path, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
			for _, scheme := range op.Security {
				for name := range scheme {
					if doc.Components.SecuritySchemes[name] == nil {
						t.Errorf("%s %s: no security scheme %q", method, path, name)
					}
				}
			}
			t.Run(method+" "+path, func(t *testing.T) { h.guards(t, method, path, op) })
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(routes, got); diff != "" {
		t.Error(diff)
	}
	var any any
	if err := json.Unmarshal(raw, &any); err != nil {
		t.Fatal(err)
	}
	refs := map[string]bool{}
	collectRefs(any, refs)
	for r := range refs {
		name, ok := strings.CutPrefix(r, "#/components/schemas/")
		if !ok || doc.Components.Schemas[name] == nil {
			t.Errorf("%s leads nowhere", r)
		}
	}
	for name := range maps.Keys(doc.Components.Schemas) {
		if !refs["#/components/schemas/"+name] {
			t.Errorf("nothing uses the schema %s", name)
		}
	}
}

func collectRefs(v any, refs map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if r, ok := inner.(string); ok && k == "$ref" {
				refs[r] = true
			}
			collectRefs(inner, refs)
		}
	case []any:
		for _, inner := range v {
			collectRefs(inner, refs)
		}
	}
}

// guards checks what every route owes: the role it names, parameters and fields
// it declares and no others.
func (h house) guards(t *testing.T, method, path string, op operation) {
	target := strings.ReplaceAll(path, "{id}", "nonsense")
	if strings.Contains(path, "{id}") != slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool { return p.In == "path" && p.Name == "id" }) {
		t.Errorf("the parameters of the path are not declared: %+v", op.Parameters)
	}
	if op.Role == "nobody" {
		if path != "/api/v1/openapi.json" || len(op.Security) > 0 {
			t.Errorf("open to everybody; security %v", op.Security)
		}
	} else {
		if len(op.Security) == 0 {
			t.Error("asks for a role, and declares no security")
		}
		if status, f := h.fails(t, "", method, target, ""); status != 401 || f.Code != "token_missing" {
			t.Errorf("without a token: %d %s", status, f.Code)
		}
		if status, f := h.fails(t, "wrong", method, target, ""); status != 401 || f.Code != "token_unknown" {
			t.Errorf("with a wrong token: %d %s", status, f.Code)
		}
		lower := map[string]string{"viewer": "sender", "analyst": "viewer", "admin": "analyst"}[op.Role]
		if status, f := h.fails(t, lower, method, target, ""); status != 403 {
			t.Errorf("as %s: %d %s", lower, status, f.Code)
		}
	}
	if status, f := h.fails(t, "admin", method, target+"?surprise=1", ""); status != 400 || !strings.Contains(f.Message, "surprise") {
		t.Errorf("an unknown parameter: %d %s", status, f.Message)
	}
	if _, raw := op.RequestBody.Content["application/octet-stream"]; method == "GET" || raw {
		return
	}
	if status, f := h.fails(t, "admin", method, target, `{"surprise":1}`); status != 400 || !strings.Contains(f.Message, "surprise") {
		t.Errorf("an unknown field: %d %s", status, f.Message)
	}
}
