package org_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/org"
)

func TestStrangers(t *testing.T) {
	p, err := org.Parse([]byte("networks: [{name: office, ranges: [10.1.0.0/16]}]\nassets: [{id: a, name: srv, addresses: [10.1.0.1]}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	x := org.Compile(p)
	var s org.Strangers
	t0 := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	at := func(a string) netip.Addr { return netip.MustParseAddr(a) }
	s.Note(at("10.1.0.1"), t0, "srv", 443)                // an asset
	s.Note(at("198.51.100.1"), t0, "", 443)               // not ours
	s.Note(at("10.1.2.9"), t0.Add(time.Hour), "", 3389)   // in a network
	s.Note(at("10.1.2.9"), t0, "kiosk", 0)                // earlier
	s.Note(at("192.168.7.7"), t0.Add(time.Minute), "", 0) // private, in no network
	list, all, gone := s.List(x, 10)
	want := []org.Stranger{
		{Address: at("10.1.2.9"), Network: "office", Events: 2, First: t0, Last: t0.Add(time.Hour), Names: []string{"kiosk"}, Ports: []int{3389}},
		{Address: at("192.168.7.7"), Events: 1, First: t0.Add(time.Minute), Last: t0.Add(time.Minute)},
	}
	if d := cmp.Diff(want, list, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); d != "" || all != 2 || gone != 0 {
		t.Error(all, gone, d)
	}
	a := at("10.1.0.2")
	for i := range 10_000 { // a scan does not fill the memory
		s.Note(a, t0.Add(time.Duration(i)*time.Second), "", 0)
		a = a.Next()
	}
	if _, all, gone := s.List(x, 10); all > 4096 || gone == 0 {
		t.Errorf("%d remembered, %d forgotten", all, gone)
	}
}
