package pipeline

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/org"
)

// Direction is how an event crosses our border.
type direction uint8

const (
	unknown  direction = iota
	outbound           // ours to foreign
	inbound            // foreign to ours
	internal           // ours to ours
	local              // on one host
)

// setting is who an event is about.
type setting struct {
	entity    alert.Entity
	account   alert.Account // that the event names
	peer      string
	direction direction
}

// settle finds whose event this is: the own host, or the privileged account, that
// an analyst would look at first.
func settle(ev *event.Event, x *org.Index) setting {
	f := ev.Fields
	src, srcOurs := ours(f.String("source.ip"), x)
	dst, dstOurs := ours(f.String("destination.ip"), x)
	var s setting
	host := f.String("host.name")
	if (srcOurs || dstOurs) && overheard(f) || srcOurs && honeypot(f) {
		host = ""
	}
	switch {
	case host != "":
		s.direction, s.entity = local, hostEntity(host, x)
		s.peer = foreign(f.String("destination.ip"), dstOurs, f.String("source.ip"), srcOurs)
		if s.peer != "" && !dstOurs && dst.IsValid() {
			s.direction = outbound
		}
	case srcOurs && dstOurs:
		s.direction, s.entity, s.peer = internal, addressEntity(src, x), dst.String()
		// A client asking our resolver or proxy: the client matters, not the server.
		if e := addressEntity(dst, x); s.entity.Shared && !e.Shared {
			s.entity, s.peer = e, src.String()
		}
	case srcOurs:
		s.direction, s.entity, s.peer = outbound, addressEntity(src, x), f.String("destination.ip")
	case dstOurs:
		s.direction, s.entity, s.peer = inbound, addressEntity(dst, x), f.String("source.ip")
	default: // neither end is known to be ours
		s.peer = foreign(f.String("destination.ip"), false, f.String("source.ip"), false)
		if e, ok := reached(f, x); ok {
			s.direction, s.entity, s.peer = inbound, e, f.String("source.ip")
		}
	}
	s.account = accountOf(ev, x)
	if s.entity.Name != "" {
		s.entity = atWork(s.entity, s.account.Name, x)
	} else if user := cmp.Or(strings.ToLower(f.String("user.name")), s.account.Name, recipientOf(f, x)); user != "" {
		s.entity = userEntity(user, x)
	} else if src.IsValid() { // the one that started it
		s.entity, s.peer = addressEntity(src, x), f.String("destination.ip")
	}
	return s
}

// reached is what of ours an event is about by what it names instead of a host or
// address: a machine of a cloud, or an asset of the profile that a device stands before.
func reached(f event.Fields, x *org.Index) (alert.Entity, bool) {
	if name := cmp.Or(f.String("cloud.instance.name"), f.String("cloud.instance.id")); name != "" {
		return hostEntity(name, x), true
	}
	for _, field := range []string{"destination.domain", "url.domain", "server.domain"} {
		if name := f.String(field); name != "" {
			if a, ok := x.Host(name); ok {
				return assetEntity(a), true
			}
		}
	}
	return alert.Entity{}, false
}

// overheard says that an event tells what a device saw of the traffic of others: its
// host, as syslog's header or a shipper names it, is the device and nobody's concern.
func overheard(f event.Fields) bool {
	switch f.String("event.module") {
	case "suricata", "zeek":
		return true
	case "cef", "leef", "json", "text", "syslog": // of a device that nobody has described
		if f.String("source.ip") != "" && f.String("destination.ip") != "" && f.String("process.executable") == "" && f.String("process.command_line") == "" {
			return true
		}
	}
	switch f.String("observer.type") {
	case "firewall", "proxy", "waf", "dns", "ids", "ips", "router", "switch":
	default:
		return false
	}
	for _, c := range f.Strings("event.category") {
		switch c {
		case "authentication", "configuration", "iam": // of the device itself
			return false
		}
	}
	return f.String("host.os.type") == "" // else a host's own firewall
}

func foreign(dst string, dstOurs bool, src string, srcOurs bool) string {
	if dst != "" && !dstOurs {
		return dst
	}
	if !srcOurs {
		return src
	}
	return ""
}

func ours(s string, x *org.Index) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	_, _, own := x.Address(a)
	return a.Unmap(), own
}

// describe says what the profile says of whom an alert is about.
func describe(who alert.Who, x *org.Index) alert.Entity {
	if who.Kind == userKind {
		return userEntity(who.Name, x)
	}
	return atWork(entityNamed(who.Name, x), who.Account, x)
}

// entityNamed describes a host by its name or address.
func entityNamed(name string, x *org.Index) alert.Entity {
	if a, err := netip.ParseAddr(name); err == nil {
		return addressEntity(a, x)
	}
	return hostEntity(name, x)
}

const userKind = "user"

// userEntity is an account that stands for an event that names no host.
func userEntity(account string, x *org.Index) alert.Entity {
	e := alert.Entity{Kind: userKind, Name: account, Criticality: org.Normal.Weight(), Why: "an account the profile does not name: counted as ordinary"}
	if p, known := x.Person(account); known {
		e.Why = who(p) + " has no special rights or standing: counted as ordinary"
		lift(&e, p, "has special rights or standing")
	}
	return e
}

// atWork is a host with the account that is at work on it: of a privileged or exposed
// person it raises the stake.
func atWork(host alert.Entity, account string, x *org.Index) alert.Entity {
	host.Account = account
	if p, known := x.Person(account); known {
		lift(&host, p, "is at work here, with special rights or standing")
	}
	return host
}

func lift(e *alert.Entity, p *org.Person, why string) {
	if w := org.High.Weight(); (p.Privileged || p.VIP) && e.Criticality < w {
		e.Criticality, e.Why = w, who(p)+" "+why
	}
}

func who(p *org.Person) string {
	if p.Role == "" {
		return p.Name
	}
	return p.Name + " (" + p.Role + ")"
}

func hostEntity(name string, x *org.Index) alert.Entity {
	if a, ok := x.Host(name); ok {
		return assetEntity(a)
	}
	return alert.Entity{
		Kind: "host", Name: strings.ToLower(name), Criticality: org.Normal.Weight(),
		Why: "the profile does not name this host: counted as ordinary",
	}
}

func addressEntity(a netip.Addr, x *org.Index) alert.Entity {
	asset, network, own := x.Address(a)
	switch {
	case asset != nil:
		return assetEntity(asset)
	case network != nil:
		return alert.Entity{
			Kind: "host", Name: a.String(), Label: network.Name, Criticality: network.Criticality.Weight(),
			Why: "a host of the network " + network.Name + bandWords(network.Criticality), Exposed: network.Exposed, Owner: network.Owner, Shared: network.Shared,
		}
	case own:
		return alert.Entity{Kind: "host", Name: a.String(), Criticality: org.Normal.Weight(), Why: "a private address the profile does not name: counted as ordinary"}
	}
	return alert.Entity{Kind: "host", Name: a.String(), Criticality: org.Low.Weight(), Why: "not known to be ours"}
}

func assetEntity(a *org.Asset) alert.Entity {
	e := alert.Entity{
		Kind: "host", Name: a.Name, AssetID: a.ID, Criticality: a.Criticality.Weight(), Exposed: a.Exposed, Owner: a.Owner, Shared: a.Shared, Watched: a.Watched,
		Why: a.Name + bandWords(a.Criticality), Technologies: a.Technologies,
	}
	if len(a.Services) > 0 {
		e.Label = strings.Join(a.Services, ", ")
		e.Why += ": " + e.Label + " depend on it"
		if len(a.Services) == 1 {
			e.Why = strings.TrimSuffix(e.Why, " depend on it") + " depends on it"
		}
	}
	r, what := a.Data.Reputation()
	if e.Reputation = r; what != "" {
		e.ReputationWhy = a.Name + " holds " + what
	}
	return e
}

func bandWords(c org.Criticality) string {
	switch c {
	case org.Negligible:
		return ", whose loss would hardly hurt"
	case org.Low:
		return ", of low criticality"
	case org.High:
		return ", of high criticality"
	case org.Crown:
		return ", a crown jewel"
	}
	return ", of normal criticality"
}
