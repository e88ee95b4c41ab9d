package bench

import (
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/indicator"
)

// campaign is a folder of ESET's: a report, and what it is about as lists.
type campaign struct {
	report []byte
	hashes map[string]bool // of the lists
	values map[string]bool // of MISP events, "type value"
	event  bool
}

// campaigns hold each report against the lists and the event beside it. Expected is
// what they have and the report says, too. Hashes are counted in all folders, other
// observables in those with an event.
func (r *runner) campaigns(files []File) {
	all := map[string]*campaign{}
	get := func(dir string) *campaign {
		if all[dir] == nil {
			all[dir] = &campaign{hashes: map[string]bool{}, values: map[string]bool{}}
		}
		return all[dir]
	}
	for _, f := range files {
		dir, name := path.Dir(f.Name), strings.ToLower(base(f.Name))
		switch {
		case strings.HasPrefix(name, "readme.adoc"):
			get(dir).report = f.Data
		case strings.HasPrefix(name, "samples."):
			for _, h := range strings.Fields(strings.ToLower(string(f.Data))) {
				get(dir).hashes[h] = true
			}
		case strings.HasSuffix(name, ".json") && strings.Contains(string(f.Data[:min(len(f.Data), 4096)]), `"Event"`), strings.HasSuffix(name, ".json") && strings.Contains(name, "misp"):
			c := get(dir)
			c.event = attributes(f.Data, c.values) || c.event
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(all)) {
		if c := all[dir]; c.report != nil && len(c.hashes)+len(c.values) > 0 {
			r.campaign(path.Base(dir), c)
		}
	}
}

// attributes collects the attributes of an event that are observables.
func attributes(data []byte, into map[string]bool) bool {
	var doc any
	if json.Unmarshal(data, &doc) != nil {
		return false
	}
	found := false
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > 20 {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x, depth+1)
			}
		case map[string]any:
			kind, _ := v["type"].(string)
			value, ok := v["value"].(string)
			category, _ := v["category"].(string)
			if ok && kind != "" && category != "External analysis" && category != "Internal reference" {
				found = attribute(kind, value, into) || found
			}
			for _, x := range v {
				walk(x, depth+1)
			}
		}
	}
	walk(doc, 0)
	return found
}

var mispTypes = map[string]indicator.Type{
	"md5": indicator.MD5, "sha1": indicator.SHA1, "sha256": indicator.SHA256, "domain": indicator.Domain, "hostname": indicator.Domain, "ip-dst": indicator.IPv4, "ip-src": indicator.IPv4,
	"url": indicator.URL, "email-src": indicator.Email, "email": indicator.Email,
}

func attribute(kind, value string, into map[string]bool) bool {
	done := false
	values := strings.Split(value, "|")
	for i, k := range strings.Split(kind, "|") {
		t, ok := mispTypes[k]
		if !ok || i >= len(values) {
			continue
		}
		if t, v, err := indicator.Identify(t, values[i]); err == nil {
			into[string(t)+" "+v] = true
			done = true
		}
	}
	return done
}

var counted = []indicator.Type{indicator.IPv4, indicator.IPv4Port, indicator.Domain, indicator.DomainPort, indicator.URL, indicator.Email}

func (r *runner) campaign(name string, c *campaign) {
	t, err := r.Read(c.report)
	if err != nil {
		r.add(Row{Corpus: "eset", Document: name, Kind: "observable", Expected: 1, Missed: []string{err.Error()}})
		return
	}
	hashes, network, certificates := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, it := range r.Engine.Extract(t) {
		if it.Kind != extract.Observable || it.Suppressed != "" {
			continue
		}
		switch k := indicator.Type(it.Type); {
		case k == indicator.MD5, k == indicator.SHA1, k == indicator.SHA256:
			hashes[it.Value] = true
		case k == indicator.CertSHA1, k == indicator.CertSHA256:
			certificates[it.Value] = true
		case slices.Contains(counted, k):
			network[it.Type+" "+it.Value] = true
		}
	}
	said := plainly(t.Body)
	row := Row{Corpus: "eset", Document: name, Kind: "observable"}
	labelled := maps.Clone(c.hashes)
	expected := map[string]bool{}
	for v := range c.values {
		t, value, _ := strings.Cut(v, " ")
		switch indicator.Type(t) {
		case indicator.MD5, indicator.SHA1, indicator.SHA256:
			labelled[value] = true
		default:
			if mentions(said, value) {
				expected[v] = true
			}
		}
	}
	for h := range labelled {
		if strings.Contains(said, h) {
			row.count(hashes[h] || certificates[h], h)
		}
	}
	for h := range hashes {
		if !labelled[h] {
			row.extra(h)
		}
	}
	insisted(t.Body, c.values)
	if c.event {
		row.network(c.values, expected, network)
	}
	r.add(row)
}

var fanged = regexp.MustCompile(`[^\s|,;<>"'` + "`" + `]*(?:\[\.\]|hxxp)[^\s|,;<>"'` + "`" + `]*`)

// insisted adds what the authors of a report defang in it: an event has often only
// part of that, and nobody defangs what is harmless.
func insisted(body string, labels map[string]bool) {
	for _, word := range fanged.FindAllString(body, -1) {
		if t, v, err := indicator.Detect(strings.Trim(word, "+*-.()")); err == nil {
			labels[string(t)+" "+v] = true
		}
	}
}

func (row *Row) count(found bool, what string) {
	row.Expected++
	if found {
		row.Found++
	} else {
		row.Missed = append(row.Missed, what)
	}
}

func (row *Row) extra(what string) {
	row.Extra++
	row.TooMuch = append(row.TooMuch, what)
}

// network counts what is no hash. An event may have the host of what the report
// gives as an address with a port or path: then both are right.
func (row *Row) network(labels, expected, found map[string]bool) {
	hosts := map[string]bool{}
	for v := range labels {
		hosts[hostOf(v)] = true
	}
	shown := map[string]bool{}
	for v := range found {
		shown[v], shown[hostOf(v)] = true, true
	}
	for v := range expected {
		_, value, _ := strings.Cut(v, " ")
		row.count(shown[v] || shown[value], v)
	}
	for v := range found {
		if !labels[v] && !hosts[hostOf(v)] {
			row.extra(v)
		}
	}
}

func hostOf(v string) string {
	t, value, _ := strings.Cut(v, " ")
	if _, host, ok := indicator.HostOf(indicator.Type(t), value); ok {
		return host
	}
	return value
}

var undo = strings.NewReplacer("[.]", ".", "[.", ".", ".]", ".", "(.)", ".", "hxxp", "http", "[:]", ":", "[@]", "@")

// plainly is a report in lower case without defanging, by the simplest means, to
// look whether a value stands in it.
func plainly(s string) string { return undo.Replace(strings.ToLower(s)) }

func mentions(said, value string) bool {
	value = strings.TrimSuffix(strings.ToLower(value), "/")
	for at := 0; ; {
		i := strings.Index(said[at:], value)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(value)
		if (from == 0 || !part(said[from-1])) && (to == len(said) || !part(said[to]) || said[to] == '.' && (to+1 == len(said) || !part(said[to+1]))) {
			return true
		}
		at = from + 1
	}
}

func part(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 25 || c == '-' || c == '.' || c == '_' }
