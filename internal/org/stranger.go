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
	// Answer is what a person said it is, and does not want to be asked again.
	Answer StrangerAnswer `json:"answer,omitempty"`
	Why    string         `json:"why,omitempty"`
	By     string         `json:"by,omitempty"`
}

// StrangerAnswer is what an unknown host is, if it is to be no asset.
type StrangerAnswer string

// The answers.
const (
	Ordinary StrangerAnswer = "ordinary" // a host of its network like others
	Ignored  StrangerAnswer = "ignored"  // not to be asked about
)

// Strangers remembers unknown hosts, a bounded number of them; those not seen for longest
// make room. The zero value remembers until the process ends, [Strangers.Recall] makes
// them outlast it. Safe for concurrent use.
type Strangers struct {
	mu      sync.Mutex
	hosts   map[netip.Addr]*Stranger // guarded by mu
	changed map[netip.Addr]bool      // guarded by mu; since they were kept, also those that went
	gone    int                      // guarded by mu
	store   StrangerStore            // set once; nil = they are not kept
}

// Bounds of what is remembered.
const (
	maxStrangers     = 4096
	maxStrangerNames = 4
	maxStrangerPorts = 8
	maxAnswered      = 2048
)

// Note counts an address of ours in an event. name is what the event calls the host, ""
// when it does not; port is where it was spoken to, 0 when it spoke.
func (s *Strangers) Note(a netip.Addr, at time.Time, name string, port int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
	s.changed[a] = true
	h := s.hosts[a]
	if h == nil {
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

func (s *Strangers) begin() {
	if s.hosts == nil {
		s.hosts, s.changed = map[netip.Addr]*Stranger{}, map[netip.Addr]bool{}
	}
}

// makeRoom forgets the eighth that was not seen for longest; what a person said stays.
func (s *Strangers) makeRoom() {
	all := make([]*Stranger, 0, len(s.hosts))
	for _, h := range s.hosts {
		if h.Answer == "" {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *Stranger) int { return cmp.Or(a.Last.Compare(b.Last), a.Address.Compare(b.Address)) })
	for _, h := range all[:min(len(all), maxStrangers/8)] {
		delete(s.hosts, h.Address)
		s.changed[h.Address] = true
		s.gone++
	}
}

// List returns those that x does not name either and that nobody answered for, the busiest
// first, how many there are in all, and how many were forgotten since the process began.
func (s *Strangers) List(x *Index, limit int) (list []Stranger, all, forgotten int) {
	list = s.list(func(h *Stranger) bool {
		asset, network, ours := x.Address(h.Address)
		if network != nil {
			h.Network = network.Name
		}
		return h.Answer == "" && asset == nil && ours && (network == nil || !network.Dynamic)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return list[:min(len(list), limit)], len(list), s.gone
}

// Answered returns those that somebody answered for, the busiest first.
func (s *Strangers) Answered(x *Index) []Stranger {
	return s.list(func(h *Stranger) bool {
		asset, network, _ := x.Address(h.Address)
		if network != nil {
			h.Network = network.Name
		}
		return h.Answer != "" && asset == nil
	})
}

// list returns copies of those that are wanted, the busiest first.
func (s *Strangers) list(want func(*Stranger) bool) (list []Stranger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		if one := h.copied(); want(&one) {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b Stranger) int { return cmp.Or(cmp.Compare(b.Events, a.Events), a.Address.Compare(b.Address)) })
	return list
}

func (h *Stranger) copied() Stranger {
	one := *h
	one.Names, one.Ports = slices.Clone(h.Names), slices.Sorted(slices.Values(h.Ports))
	return one
}
