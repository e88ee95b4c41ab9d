package elastic

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// oldest is the version we answer as when the client does not say its own. Every
// Beat from 7.0 on, and every library from 7.14 on, is content with it or with its own.
const oldest = "7.17.10"

// shipper finds the version of a Beat, of Elastic Agent or of Logstash, which send
// to no Elasticsearch that is older than they are.
var shipper = regexp.MustCompile(`(?i)(?:beat|agent|logstash|elastic-[a-z]+)[^ /]{0,40}/(\d{1,2})\.(\d{1,3})\.(\d{1,3})`)

// versionFor is the version to answer as.
func versionFor(agent string) string {
	m := shipper.FindStringSubmatch(agent)
	if m == nil {
		return oldest
	}
	if major, _ := strconv.Atoi(m[1]); major < 8 {
		return oldest
	}
	return m[1] + "." + m[2] + "." + m[3]
}

func ctxOr(ctx context.Context, r *http.Request) context.Context {
	if ctx == nil {
		return r.Context()
	}
	return ctx
}

const (
	clusterName = "vedette"
	clusterID   = "dmVkZXR0ZS1pbnRha2Ux" // base64 of 15 bytes, as Elasticsearch has it
)

// probe answers what clients ask before they send.
func (h *handler) probe(c call) bool {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return false
	}
	path := strings.TrimRight(c.r.URL.Path, "/")
	switch {
	case path == "":
		c.answer(http.StatusOK, root(versionFor(c.r.UserAgent())))
	case path == "/_license" || path == "/_xpack/license":
		c.answer(http.StatusOK, map[string]any{"license": license})
	case path == "/_xpack":
		c.answer(http.StatusOK, map[string]any{
			"build":   map[string]string{"hash": buildHash, "date": buildDate},
			"license": license,
			"features": map[string]any{
				"ilm":      map[string]bool{"available": true, "enabled": false},
				"security": map[string]bool{"available": true, "enabled": true},
			},
			"tagline": "You know, for X",
		})
	case path == "/_cluster/health" || strings.HasPrefix(path, "/_cluster/health/"):
		c.answer(http.StatusOK, map[string]any{
			"cluster_name": clusterName, "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1,
			"active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": 0,
			"delayed_unassigned_shards": 0, "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0,
			"task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
		})
	case path == "/_nodes" || strings.HasPrefix(path, "/_nodes/"):
		h.nodes(c)
	default:
		if c.r.Method == http.MethodGet && !settable(path) {
			return false
		}
		// There is no such template, policy or index: the client makes it, or does without.
		c.fault(http.StatusNotFound, "resource_not_found_exception", "There is none of this name.")
	}
	return true
}

const (
	buildHash = "vedette"
	buildDate = "2023-04-23T05:33:18.138275597Z"
)

var license = map[string]any{
	"status": "active", "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic",
	"issue_date": "2020-01-01T00:00:00.000Z", "issue_date_in_millis": 1577836800000,
	"max_nodes": 1000, "issued_to": clusterName, "issuer": "elasticsearch", "start_date_in_millis": -1,
}

func root(version string) any {
	wire, index := "6.8.0", "6.0.0-beta1"
	if !strings.HasPrefix(version, "7.") {
		wire, index = "7.17.0", "7.0.0"
	}
	return map[string]any{
		"name": clusterName, "cluster_name": clusterName, "cluster_uuid": clusterID,
		"version": map[string]any{
			"number": version, "build_flavor": "default", "build_type": "tar", "build_hash": buildHash, "build_date": buildDate,
			"build_snapshot": false, "lucene_version": "8.11.1", "minimum_wire_compatibility_version": wire,
			"minimum_index_compatibility_version": index,
		},
		"tagline": "You know, for Search",
	}
}

// nodes answers clients that look for further nodes: there is the one they know.
func (h *handler) nodes(c call) {
	version := versionFor(c.r.UserAgent())
	c.answer(http.StatusOK, map[string]any{
		"_nodes":       map[string]int{"total": 1, "successful": 1, "failed": 0},
		"cluster_name": clusterName,
		"nodes": map[string]any{clusterID: map[string]any{
			"name": clusterName, "version": version, "roles": []string{"data", "ingest", "master"},
			"http": map[string]any{"publish_address": c.r.Host, "max_content_length_in_bytes": h.Door.MaxBody},
		}},
	})
}

// settable says whether a path is of what clients set up before they send.
func settable(path string) bool {
	for _, p := range []string{"/_index_template/", "/_component_template/", "/_template/", "/_ilm/policy/", "/_ingest/pipeline/", "/_alias/", "/_data_stream/"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// setUp says yes to templates, policies, pipelines and new indices.
func (h *handler) setUp(c call) bool {
	path := strings.TrimRight(c.r.URL.Path, "/")
	index := strings.Count(path, "/") == 1 && !strings.HasPrefix(path, "/_")
	switch {
	case c.r.Method == http.MethodPost && (path == "/_refresh" || path == "/_flush" || strings.HasSuffix(path, "/_refresh")):
		c.answer(http.StatusOK, map[string]any{"_shards": shards})
	case (c.r.Method == http.MethodPut || c.r.Method == http.MethodPost) && (settable(path) || index && c.r.Method == http.MethodPut):
		body, err := h.Door.Open(c.w, c.r)
		if err == nil {
			defer body.Close()
			_, err = io.Copy(io.Discard, body)
		}
		if err != nil {
			h.refuse(c, h.Door.Broken(source(c.r), err))
			return true
		}
		answer := map[string]any{"acknowledged": true}
		if index {
			answer["shards_acknowledged"], answer["index"] = true, path[1:]
		}
		c.answer(http.StatusOK, answer)
	default:
		return false
	}
	return true
}

var shards = map[string]int{"total": 1, "successful": 1, "failed": 0}
