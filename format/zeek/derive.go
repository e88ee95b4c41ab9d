package zeek

import (
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/event"
)

// alerts says whether all that a log says is an alert.
func alerts(path string) bool { return path == "notice" || path == "intel" || path == "signatures" }

// derive sets what takes more than one column. p is "zeek.PATH.".
func derive(f event.Fields, path, p string) {
	if alerts(path) {
		f["event.kind"] = "alert"
		// Notice::ACTION_DROP: Zeek had the traffic blocked.
		if f[p+"dropped"] == true {
			f["event.action"] = "blocked"
		}
	}
	switch path {
	case "conn":
		f.SetNew("network.direction", direction(f[p+"local_orig"], f[p+"local_resp"]))
		if d, ok := f[p+"duration"].(float64); ok {
			f["event.duration"] = int64(d * 1e9)
		}
	case "dns":
		f.SetNew("dns.resolved_ip", addresses(f.Strings(p+"answers")))
	case "http":
		httpURL(f, p)
	case "kerberos", "ntlm", "ssh":
		outcome(f, p)
	}
}

func direction(orig, resp any) any {
	o, ok := orig.(bool)
	r, ok2 := resp.(bool)
	switch {
	case !ok || !ok2:
		return nil
	case o && r:
		return "internal"
	case o:
		return "outbound"
	case r:
		return "inbound"
	}
	return "external"
}

func addresses(answers []string) []string {
	var out []string
	for _, a := range answers {
		if _, err := netip.ParseAddr(a); err == nil {
			out = append(out, a)
		}
	}
	return out
}

func outcome(f event.Fields, p string) {
	v := f[p+"success"]
	if v == nil {
		v = f[p+"auth_success"]
	}
	switch v {
	case true:
		f["event.outcome"] = "success"
	case false:
		f["event.outcome"] = "failure"
	}
}

func httpURL(f event.Fields, p string) {
	target, host := f.String(p+"uri"), f.String(p+"host")
	f.SetNew("url.original", target)
	if strings.Contains(target, "://") && !strings.HasPrefix(target, "/") {
		f.SetNew("url.full", target)
		return
	}
	path, query, _ := strings.Cut(target, "?")
	f.SetNew("url.path", path)
	f.SetNew("url.query", query)
	if host == "" || target != "" && target[0] != '/' {
		return
	}
	if port, ok := f.Int("destination.port"); ok && port != 80 && !strings.Contains(host, ":") {
		host += ":" + f.String("destination.port")
	}
	f.SetNew("url.full", "http://"+host+target)
}
