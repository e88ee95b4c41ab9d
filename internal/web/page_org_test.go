package web_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestUnknownHosts: who may, makes an asset of a host seen in traffic; the profile keeps
// its comments, and the host is no longer asked about. Money is shown where it was given.
func TestUnknownHosts(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	const file = "# who we are\nname: Example AG\nnetworks: [{name: office, ranges: [10.9.0.0/16]}]\nmoney:\n  currency: EUR\n  bands: {negligible: [0, 1000], low: [500, 10000], normal: [5000, 50000], high: [20000, 500000], crown-jewel: [200000, 5000000]}\n"
	if w := h.upload(t, "analyst", "/organisation", nil, "profile.yaml", file); w.Code != 303 {
		t.Fatalf("upload: %d", w.Code)
	}
	h.strangers.Note(netip.MustParseAddr("10.9.1.2"), time.Now(), "<b>kiosk</b>", 8080)
	h.strangers.Note(netip.MustParseAddr("10.9.1.3"), time.Now(), "", 0)
	h.strangers.Note(netip.MustParseAddr("192.168.9.9"), time.Now(), "", 0)
	form := url.Values{"address": {"10.9.1.2"}, "name": {"Kiosk <hall>"}, "criticality": {"low"}}
	for _, s := range []scenario{
		{name: "asked", user: "analyst", target: "/organisation", status: 200, has: []string{"What are these hosts?", "10.9.1.2", "&lt;b&gt;kiosk", "8080", "Make it an asset", "What it costs"}},
		{name: "a viewer is not asked", user: "viewer", target: "/organisation", status: 200, has: []string{"10.9.1.2"}, hasNot: []string{"Make it an asset"}},
		{name: "a viewer may not answer", user: "viewer", method: "POST", target: "/organisation/hosts", form: form, status: 403},
		{name: "no name", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.2"}}, status: 400},
		{name: "no band", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.2"}, "name": {"x"}, "criticality": {"huge"}}, status: 400},
		{name: "answered", user: "analyst", method: "POST", target: "/organisation/hosts", form: form, status: 303},
		{name: "an asset", user: "analyst", target: "/organisation", status: 200, has: []string{"Kiosk &lt;hall&gt;", "# who we are"}, hasNot: []string{"Name of 10.9.1.2"}},
		{name: "the next one", user: "analyst", target: "/organisation", status: 200, has: []string{"10.9.1.3", "An ordinary host of office", "192.168.9.9", "192.168.9.0/24"}},
		{name: "a viewer may not ignore", user: "viewer", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.3"}, "as": {"ignored"}}, status: 403},
		{name: "no answer at all", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.3"}, "as": {"x"}}, status: 400},
		{name: "never seen", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.77"}, "as": {"ignored"}}, status: 404},
		{name: "ignored", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.3"}, "as": {"ignored"}, "why": {"a <camera>"}}, status: 303},
		{name: "a range that does not hold it", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"192.168.9.9"}, "as": {"ordinary"}, "network": {"home"}, "range": {"192.168.1.0/24"}}, status: 400},
		{name: "part of a new network", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"192.168.9.9"}, "as": {"ordinary"}, "network": {"home"}, "range": {"192.168.9.0/24"}}, status: 303},
		{name: "both are answered", user: "analyst", target: "/organisation", status: 200, has: []string{"Answered before: 2", "a &lt;camera&gt;", "Ask again", "home", "# who we are"}, hasNot: []string{"Make it an asset"}},
		{name: "asked again", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.3"}, "as": {"ask"}}, status: 303},
		{name: "it is", user: "analyst", target: "/organisation", status: 200, has: []string{"Make it an asset", "Answered before: 1"}},
		{name: "none of the network", user: "analyst", method: "POST", target: "/organisation/hosts", form: url.Values{"address": {"10.9.1.3"}, "as": {"dynamic"}, "network": {"office"}}, status: 303},
		{name: "nothing is asked", user: "analyst", target: "/organisation", status: 200, has: []string{"dynamic"}, hasNot: []string{"Make it an asset"}},
		{name: "money in the queue", user: "viewer", target: "/", status: 200, has: []string{"EUR ", "In money"}},
	} {
		h.play(t, s)
	}
	if x := h.cfg.Org.Index(); len(x.Profile.Assets) != 1 || x.Profile.Assets[0].ID == "" || strings.ContainsAny(x.Profile.Assets[0].ID, " ") {
		t.Errorf("assets: %+v", x.Profile.Assets)
	}
}
