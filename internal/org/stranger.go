package org

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Stranger is a host of ours that was seen in traffic and that no asset names.
type Stranger struct {
	Address netip.Addr `json:"address"`
	Network string     `json:"network,omitempty"` // of the profile, that it is in
	Events  int        `json:"events"`
	First   time.Time  `json:"first,omitzero"`
	Last    time.Time  `json:"last,omitzero"`
	Names   []string   `json:"names,omitempty"`
	Ports   []int      `json:"ports,omitempty"` // on which it was spoken to
}

// Strangers remembers unknown hosts since the process began, a bounded number of them;
// those not seen for longest make room. Safe for concurrent use.
type Strangers struct {
	mu    sync.Mutex
	hosts map[netip.Addr]*Stranger // guarded by mu
	gone  int                      // guarded by mu
}

// Bounds of what is remembered.
const (
	maxStrangers     = 4096
	maxStrangerNames = 4
	maxStrangerPorts = 8
)

// Note counts an address of ours in an event. name is what the event calls the host, ""
// when it does not; port is where it was spoken to, 0 when it spoke.
func (s *Strangers) Note(a netip.Addr, at time.Time, name string, port int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[a]
	if h == nil {
		if s.hosts == nil {
			s.hosts = map[netip.Addr]*Stranger{}
		}
		if len(s.hosts) >= maxStrangers {
			s.makeRoom()
		}
		h = &Stranger{Address: a, First: at, Last: at}
		s.hosts[a] = h
	}
	h.Events++
	if at.Before(h.First) {
		h.First = at
	}
	if at.After(h.Last) {
		h.Last = at
	}
	if name != "" && len(name) <= 255 && len(h.Names) < maxStrangerNames && !slices.Contains(h.Names, name) {
		h.Names = append(h.Names, name)
	}
	if port > 0 && port < 1<<16 && len(h.Ports) < maxStrangerPorts && !slices.Contains(h.Ports, port) {
		h.Ports = append(h.Ports, port)
	}
}

// makeRoom forgets the eighth that was not seen for longest.
func (s *Strangers) makeRoom() {
	all := make([]*Stranger, 0, len(s.hosts))
	for _, h := range s.hosts {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *Stranger) int { return cmp.Or(a.Last.Compare(b.Last), a.Address.Compare(b.Address)) })
	for _, h := range all[:maxStrangers/8] {
		delete(s.hosts, h.Address)
		s.gone++
	}
}

// List returns those that x does not name either, the busiest first, how many there are
// in all, and how many were forgotten.
func (s *Strangers) List(x *Index, limit int) (list []Stranger, all, forgotten int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a, h := range s.hosts {
		asset, network, ours := x.Address(a)
		if asset != nil || !ours {
			continue
		}
		one := *h
		one.Names, one.Ports = slices.Clone(h.Names), slices.Sorted(slices.Values(h.Ports))
		if network != nil {
			one.Network = network.Name
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Stranger) int { return cmp.Or(cmp.Compare(b.Events, a.Events), a.Address.Compare(b.Address)) })
	return list[:min(len(list), limit)], len(list), s.gone
}
