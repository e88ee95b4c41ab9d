package pipeline

import (
	"net/netip"
	"time"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/org"
)

// strangers tells note of the hosts of ours in an event that no asset names.
func strangers(ev *event.Event, x *org.Index, note func(a netip.Addr, at time.Time, name string, port int)) {
	for _, side := range [...]string{"source", "destination"} {
		a, err := netip.ParseAddr(ev.Fields.String(side + ".ip"))
		if err != nil {
			continue
		}
		a = a.Unmap()
		if asset, _, ours := x.Address(a); asset != nil || !ours || a.IsLoopback() || a.IsLinkLocalUnicast() {
			continue
		}
		port := 0
		if side == "destination" {
			n, _ := ev.Fields.Int("destination.port")
			port = int(min(max(n, 0), 1<<16))
		}
		note(a, ev.Time, ev.Fields.String(side+".domain"), port)
	}
}
