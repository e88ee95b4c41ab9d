// Package demo is the bundled scenario: an organisation, its feeds, and two days
// of its events that end now. [Profile] is the organisation, [Feeds] are the
// files its sources publish, [Script] is what its sensors saw, in order of time,
// and [Truths] is what was planted. All of it is authored here; nothing names
// anybody real but the platforms and programs that every office uses. The same
// end gives the same scenario.
//
// # The story
//
// Meridian Freight is a forwarder with 25 workstations, a booking portal, an ERP
// database and a crane terminal. The clock of the story is the office's own: the
// script begins at midnight of the first day and ends at 17:00 of the second.
//
// Day 1. At 07:40 a listed scanner tries the booking portal; a part of it is
// blocked. At 09:12 three people get an invoice from harbor-invoices.example; Ines
// Kowalczyk (ws-0117) opens it at 09:31, Excel starts PowerShell, PowerShell
// fetches a loader (QakBot), and from 09:36 on ws-0117 calls tide-sync.example
// every ten minutes (Cobalt Strike). Day 2. At 10:04 ws-0117 installs a service on
// fs01; at 11:18 a credential dumper runs on dc01; at 13:40 erp-db01 packs its
// tables and from 14:05 sends 9 GB to drop.pilot-cargo.example. It is all one
// campaign, Harbour Lantern, of the actor Grey Cormorant.
//
// # What an analyst should find
//
//   - First: one incident with ws-0117, fs01, dc01, erp-db01 and mail01, from the
//     invoice to the exfiltration, named Harbour Lantern.
//   - A true one that hardly matters: a coin miner on lab-gpu01.
//   - True, but stopped: ws-0109 and a prize site, denied by the proxy.
//   - True, but without success: the scan of shop01 from 198.18.5.77.
//   - Benign: the phishing exercise of the supplier ClearAware, whose domain an
//     open list carries; and the alerts about the authorised scanner scan01.
//   - False: sites on weebly.com (on a warning list: believed less) and look-ups
//     at 8.8.8.8 (suppressed). The organisation's own address and domain stand in
//     feeds as well, and are refused; what has expired is met, and says nothing.
//     A dozen alerts of the intrusion detection mean nothing either.
//
// # Addresses
//
// The organisation and the sites it visits have addresses of the documentation
// ranges (RFC 5737). Attackers have addresses of 198.18.0.0/15, the benchmarking
// range (RFC 2544), and names below example (RFC 6761): neither can belong to
// anybody, and no built-in warning list suppresses them, as one does the
// documentation ranges.
package demo

import (
	_ "embed" // for the profile
	"slices"
	"time"

	"github.com/vedette-soc/vedette/indicator"
)

//go:embed profile.yaml
var profile []byte

// Profile returns the organisation, a profile in YAML. It must not be changed.
func Profile() []byte { return profile }

// Length is how much time the script covers.
const Length = 41 * time.Hour

// Event is one record of a sensor.
type Event struct {
	At     time.Time
	Source string // sensor and log: "zeek/dns", "suricata/eve", "winlogbeat", "proxy01/access", "mail01/messages"
	Format string // "zeek", "suricata", "windows" or "ecs"
	Raw    []byte // one line without its end
}

// Script returns the events of the scenario, sorted by time; the last is not
// after end.
func Script(end time.Time) []Event {
	s := newScript(end.UTC())
	s.ordinary()
	s.servers()
	s.noise()
	s.intrusion()
	s.sideStories()
	slices.SortStableFunc(s.events, func(a, b Event) int { return a.At.Compare(b.At) })
	return s.events
}

// Truth is an indicator of the feeds that the script's events meet, or would meet
// if it were believed.
type Truth struct {
	Type  indicator.Type
	Value string
	Story string // which part of the story it belongs to, or what is wrong with it
}

// The stories that truths belong to.
const (
	Intrusion  = "intrusion"  // Harbour Lantern
	Scan       = "scan"       // of the booking portal
	Miner      = "miner"      // on lab-gpu01
	Stopped    = "stopped"    // by the proxy
	Exercise   = "exercise"   // the supplier's phishing exercise
	Downgraded = "downgraded" // by a warning list
	Suppressed = "suppressed" // by a warning list
	Own        = "own"        // refused: it is the organisation's
	Expired    = "expired"    // no longer live
)

// Truths returns what was planted.
func Truths() []Truth {
	return []Truth{
		{indicator.Domain, invoiceDomain, Intrusion},
		{indicator.URL, loaderURL, Intrusion},
		{indicator.SHA256, loaderHash, Intrusion},
		{indicator.Domain, beaconDomain, Intrusion},
		{indicator.IPv4, beaconAddress, Intrusion},
		{indicator.JA3, beaconJA3, Intrusion},
		{indicator.SHA256, dumperHash, Intrusion},
		{indicator.Domain, dropDomain, Intrusion},
		{indicator.IPv4, dropAddress, Intrusion},
		{indicator.IPv4, scannerAddress, Scan},
		{indicator.DomainPort, poolHost, Miner},
		{indicator.Domain, prizeDomain, Stopped},
		{indicator.Domain, exerciseDomain, Exercise},
		{indicator.Domain, hostingDomain, Downgraded},
		{indicator.IPv4, publicResolver, Suppressed},
		{indicator.IPv4, shopAddress, Own},
		{indicator.Domain, ownDomain, Own},
		{indicator.Domain, expiredDomain, Expired},
		{indicator.IPv4, expiredAddress, Expired},
	}
}
