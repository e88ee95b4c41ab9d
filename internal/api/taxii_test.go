package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const taxiiMedia = "application/taxii+json;version=2.1"

// taxii sends one TAXII request as a role, with its token as a Basic password.
func (h house) taxii(t *testing.T, role, method, path, body string, header ...string) (int, http.Header, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", taxiiMedia)
	if body != "" {
		req.Header.Set("Content-Type", taxiiMedia)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if secret := h.tokens[role]; secret != "" {
		req.SetBasicAuth("anybody", secret)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil || res.Header.Get("Content-Type") != taxiiMedia {
		t.Errorf("%s %s: %s as %s", method, path, raw, res.Header.Get("Content-Type"))
	}
	return res.StatusCode, res.Header, out
}

const root = "/taxii2/vedette/"

// pushed is what a partner sends: two indicators, an actor, a report, one of them RED.
func pushed() string {
	object := func(kind string, n int, more string) string {
		return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-0%dT00:00:00.000Z",%s}`, kind, kind, n, n, more)
	}
	list := []string{
		object("indicator", 1, `"pattern":"[domain-name:value = 'bad.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"`),
		object("indicator", 2, `"pattern":"[ipv4-addr:value = '198.18.9.9']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"`),
		object("threat-actor", 3, `"name":"Grey Heron"`), object("malware", 4, `"name":"Quack","is_family":true`),
		object("report", 5, `"name":"Of herons","published":"2026-01-01T00:00:00Z","object_refs":["threat-actor--00000000-0000-4000-8000-000000000003"],"object_marking_refs":["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]`),
	}
	return `{"objects":[` + strings.Join(list, ",") + `]}`
}

func TestTAXII(t *testing.T) {
	h := open(t)
	status, _, answer := h.taxii(t, "analyst", "POST", root+"collections/inbox/objects/", pushed())
	if status != http.StatusAccepted || answer["status"] != "complete" || answer["success_count"] != 5.0 || answer["total_count"] != 5.0 {
		t.Fatalf("push: %d %v", status, answer)
	}
	if _, _, again := h.taxii(t, "analyst", "GET", root+"status/"+answer["id"].(string)+"/", ""); again["success_count"] != 5.0 {
		t.Errorf("status: %v", again)
	}
	_, _, found := h.taxii(t, "viewer", "GET", "/taxii2/", "")
	if want := h.url + root; found["default"] != want {
		t.Errorf("discovery: %v, want %s", found, want)
	}
	_, _, list := h.taxii(t, "viewer", "GET", root+"collections/", "")
	if n := len(list["collections"].([]any)); n != 3 {
		t.Errorf("%d collections", n)
	}
	for _, tt := range []struct {
		role, path string
		want       []string // names or patterns, over all pages
		pages      int
	}{
		{"viewer", "collections/knowledge/objects/?limit=1", []string{"Grey Heron", "Quack"}, 2}, // RED does not leave
		{"analyst", "collections/knowledge/objects/?limit=2", []string{"Grey Heron", "Quack"}, 1},
		{"viewer", "collections/knowledge/objects/?match[type]=malware,tool", []string{"Quack"}, 1},
		{"viewer", "collections/knowledge/objects/?match[id]=threat-actor--00000000-0000-4000-8000-000000000003", []string{"Grey Heron"}, 1},
		{"viewer", "collections/knowledge/objects/?match[spec_version]=2.0", nil, 1},
		{"viewer", "collections/knowledge/objects/?match[version]=2026-01-03T00:00:00.000Z", []string{"Grey Heron"}, 1},
		{"viewer", "collections/knowledge/objects/threat-actor--00000000-0000-4000-8000-000000000003/", []string{"Grey Heron"}, 1},
		{"viewer", "collections/knowledge/objects/?added_after=2999-01-01T00:00:00Z", nil, 1},
		{"viewer", "collections/9c3a8f0e-5a0f-5b1c-8a53-2f3f0b9c1a01/objects/?limit=1", []string{"bad.example", "198.18.9.9"}, 3},
		{"viewer", "collections/indicators/objects/?match[type]=malware", nil, 1},
	} {
		var got []string
		pages, path := 0, tt.path
		for path != "" && pages < 10 {
			status, header, e := h.taxii(t, tt.role, "GET", root+path, "")
			if status != http.StatusOK {
				t.Fatalf("%s: %d %v", path, status, e)
			}
			pages++
			objects, _ := e["objects"].([]any)
			for _, o := range objects {
				got = append(got, o.(map[string]any)["name"].(string))
			}
			if (header.Get("X-TAXII-Date-Added-First") != "") != (len(objects) > 0) {
				t.Errorf("%s: %d objects with %q", path, len(objects), header.Get("X-TAXII-Date-Added-First"))
			}
			path = ""
			if e["more"] == true {
				path = tt.path + "&next=" + url.QueryEscape(e["next"].(string))
			}
		}
		if diff := cmp.Diff(asSet(tt.want), asSet(got)); diff != "" || pages != tt.pages {
			t.Errorf("%s: %d pages of %d: -want +got\n%s", tt.path, pages, tt.pages, diff)
		}
	}
	_, _, versions := h.taxii(t, "viewer", "GET", root+"collections/knowledge/objects/malware--00000000-0000-4000-8000-000000000004/versions/", "")
	if diff := cmp.Diff([]any{"2026-01-04T00:00:00.000Z"}, versions["versions"]); diff != "" {
		t.Errorf("versions: %s", diff)
	}
	_, _, manifest := h.taxii(t, "viewer", "GET", root+"collections/knowledge/manifest/?limit=1", "")
	if first := manifest["objects"].([]any)[0].(map[string]any); first["media_type"] != "application/stix+json;version=2.1" || first["version"] != "2026-01-03T00:00:00.000Z" || manifest["more"] != true {
		t.Errorf("manifest: %v", manifest)
	}
}

func asSet(names []string) map[string]int {
	out := map[string]int{}
	for _, n := range names {
		out[n]++
	}
	return out
}

func TestTAXIIRefuses(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		role, method, path, body string
		header                   []string
		status                   int
		code                     string
	}{
		{"", "GET", "/taxii2/", "", nil, 401, "token_missing"},
		{"wrong", "GET", "/taxii2/", "", nil, 401, "token_unknown"},
		{"sender", "GET", "/taxii2/", "", nil, 403, "denied"},
		{"viewer", "GET", "/taxii2/nowhere/", "", nil, 404, "route_unknown"},
		{"viewer", "GET", root + "collections/none/", "", nil, 404, "collection_unknown"},
		{"viewer", "GET", "/taxii2/", "", []string{"Accept", "text/html"}, 406, "not_acceptable"},
		{"viewer", "GET", "/taxii2/", "", []string{"Accept", "application/taxii+json;version=2.0"}, 406, "not_acceptable"},
		{"viewer", "GET", root + "collections/inbox/objects/", "", nil, 403, "collection_write_only"},
		{"viewer", "POST", root + "collections/inbox/objects/", "{}", nil, 403, "denied"},
		{"analyst", "POST", root + "collections/knowledge/objects/", "{}", nil, 403, "collection_read_only"},
		{"analyst", "POST", root + "collections/inbox/objects/", "{}", []string{"Content-Type", "text/plain"}, 400, "media_type"},
		{"analyst", "POST", root + "collections/inbox/objects/", "<html>", nil, 400, "web_page"},
		{"analyst", "DELETE", root + "collections/knowledge/objects/malware--1/", "", nil, 403, "not_removable"},
		{"viewer", "GET", root + "collections/knowledge/objects/malware--1/", "", nil, 404, "object_unknown"},
		{"viewer", "GET", root + "collections/knowledge/objects/?limit=0", "", nil, 400, "limit_invalid"},
		{"viewer", "GET", root + "collections/knowledge/objects/?next=x", "", nil, 400, "next_invalid"},
		{"viewer", "GET", root + "collections/indicators/objects/?next=%21", "", nil, 400, "cursor_invalid"},
		{"viewer", "GET", root + "collections/knowledge/objects/?added_after=soon", "", nil, 400, "added_after_invalid"},
		{"viewer", "GET", root + "collections/knowledge/objects/?match[version]=newest", "", nil, 400, "version_unknown"},
		{"analyst", "GET", root + "status/none/", "", nil, 404, "status_unknown"},
	} {
		status, header, out := h.taxii(t, tt.role, tt.method, tt.path, tt.body, tt.header...)
		if status != tt.status || out["error_code"] != tt.code || out["title"] == "" {
			t.Errorf("%s %s as %q: %d %v, want %d %s", tt.method, tt.path, tt.role, status, out, tt.status, tt.code)
		}
		if (status == 401) != strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: %d with %q", tt.path, status, header.Values("WWW-Authenticate"))
		}
	}
}
