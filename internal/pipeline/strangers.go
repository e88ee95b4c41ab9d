package pipeline

import (
	"net/netip"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/internal/org"
)

// strangers notes the hosts of ours in an event that no asset names.
func strangers(s *org.Strangers, ev *event.Event, x *org.Index) {
	if s == nil {
		return
	}
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
		s.Note(a, ev.Time, ev.Fields.String(side+".domain"), port)
	}
}
