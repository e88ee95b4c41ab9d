package api_test

import (
	"bufio"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTAXIIClient has the conversation of a client that is not ours again: a request
// that ends in {next} is sent as long as there is more, as that client does.
func TestTAXIIClient(t *testing.T) {
	h := open(t)
	if status, _, answer := h.taxii(t, "analyst", "POST", root+"collections/inbox/objects/", pushed()); status != http.StatusAccepted {
		t.Fatalf("push: %d %v", status, answer)
	}
	header, requests := conversation(t, "testdata/taxii2-client.http")
	known := map[string]string{}
	got := map[string]int{} // objects or entries by request, over all pages
	for _, r := range requests {
		method, path, _ := strings.Cut(r, " ")
		for pages := 0; ; pages++ {
			if strings.Contains(path, "{next}") && known["{next}"] == "" {
				break
			}
			if pages == 10 {
				t.Fatalf("%s: more than ten pages", path)
			}
			body, want, more := "", http.StatusOK, header
			if method == http.MethodPost {
				body, want = pushed(), http.StatusAccepted
				more = append(more, "User-Agent", "python-requests/2.34.2")
			}
			status, _, answer := h.taxii(t, "analyst", method, fill(path, known), body, more...)
			if status != want {
				t.Fatalf("%s %s: %d %v", method, fill(path, known), status, answer)
			}
			learn(known, method, path, answer)
			objects, _ := answer["objects"].([]any)
			got[strings.TrimSuffix(path, "&next={next}")] += len(objects)
			if !strings.Contains(path, "{next}") {
				break
			}
		}
	}
	list := "/taxii2/vedette/collections/{indicators}/"
	want := map[string]int{
		list + "objects/?limit=1": 2, list + "manifest/?limit=1": 2, list + "objects/{object}/": 1,
		list + "objects/?match%5Btype%5D=indicator&added_after=2026-01-01T00%3A00%3A00Z&limit=5":   2,
		"/taxii2/vedette/collections/{knowledge}/objects/?limit=1000&match%5Btype%5D=threat-actor": 1,
	}
	for path, n := range got {
		if n == 0 {
			delete(got, path)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects by request: -want +got\n%s", diff)
	}
	if known["{done}"] != "complete" {
		t.Errorf("the push ended as %q", known["{done}"])
	}
}

// conversation reads the header, as names and values in turn, and the requests.
func conversation(t *testing.T, path string) (header, requests []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if name, value, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			header = append(header, name, value)
		} else if strings.HasPrefix(line, "GET ") || strings.HasPrefix(line, "POST ") {
			requests = append(requests, line)
		}
	}
	if len(header) == 0 || len(requests) == 0 {
		t.Fatalf("%s: %d header lines, %d requests", path, len(header)/2, len(requests))
	}
	return header, requests
}

// fill puts what the server gave in the places that stand for it.
func fill(path string, known map[string]string) string {
	for name, value := range known {
		path = strings.ReplaceAll(path, name, value)
	}
	return path
}

// learn remembers what later requests need of an answer.
func learn(known map[string]string, method, path string, answer map[string]any) {
	known["{next}"], _ = answer["next"].(string)
	if list, ok := answer["collections"].([]any); ok {
		for _, c := range list {
			c := c.(map[string]any)
			known["{"+strings.ToLower(c["title"].(string))+"}"] = c["id"].(string)
		}
	}
	if objects, ok := answer["objects"].([]any); ok && len(objects) > 0 && known["{object}"] == "" {
		known["{object}"] = objects[0].(map[string]any)["id"].(string)
	}
	if method == http.MethodPost {
		known["{status}"] = answer["id"].(string)
	}
	if strings.Contains(path, "/status/") {
		known["{done}"] = answer["status"].(string)
	}
}
