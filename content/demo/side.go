package demo

import (
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

var (
	webScan   = signature{9100101, "MF SCAN web scanner asks for known holes", "Detection of a Network Scan", 3, []string{"T1595.002"}}
	traversal = signature{9100102, "MF WEB path traversal in a booking form", "Attempted Information Leak", 2, []string{"T1595.002"}}
	portSweep = signature{9100103, "MF SCAN many ports of many hosts", "Detection of a Network Scan", 2, []string{"T1046"}}
	stratum   = signature{9100104, "MF COINMINER login to a mining pool", "Crypto Currency Mining Activity Detected", 2, []string{"T1496"}}
	oldTLS    = signature{9100105, "MF INFO outdated TLS version offered", "Not Suspicious Traffic", 3, nil}
	cloudBox  = signature{9100106, "MF POLICY personal cloud storage", "Potential Corporate Privacy Violation", 3, nil}
	oddSSH    = signature{9100107, "MF POLICY SSH on an unusual port", "Misc activity", 3, nil}

	// everyday are alerts that mean nothing by themselves.
	everyday = []signature{
		{9100110, "MF INFO program downloaded over plain HTTP", "Misc activity", 3, nil},
		{9100111, "MF INFO name of a dynamic DNS provider looked up", "Misc activity", 3, nil},
		{9100112, "MF POLICY remote control program in use", "Potential Corporate Privacy Violation", 2, nil},
		{9100113, "MF INFO self-signed certificate", "Not Suspicious Traffic", 3, nil},
		{9100114, "MF WEB request without a user agent", "Unknown Traffic", 3, nil},
	}
)

// sideStories are the other incidents, true, benign and false.
func (s *script) sideStories() {
	s.portalScan()
	s.miner()
	s.prize()
	s.exercise()
	s.authorisedScan()
	s.hosting()
	s.resolver()
	s.expired()
}

// portalScan tries the booking portal; the rules for attacks block, the rest
// passes.
func (s *script) portalScan() {
	paths := []string{"/.env", "/wp-login.php", "/admin/", "/backup.zip", "/phpinfo.php", "/.git/config", "/server-status", "/cgi-bin/test", "/api/v1/users", "/old/"}
	t := s.at(1, 7, 40, 0)
	for i := range 60 {
		at := t.Add(time.Duration(i) * 9 * time.Second)
		w := wire{from: scannerAddress, to: shopAddress, port: 80, service: "http", name: shopAddress, seconds: .2, out: 210, in: 560}
		s.conn(at, w)
		s.request(at, w, "GET", paths[i%len(paths)], "Mozilla/5.0 zgrab/0.x", 404)
		switch {
		case i%15 == 7:
			s.alarm(at, w, traversal, true)
		case i%10 == 4:
			s.alarm(at, w, webScan, i%20 == 4)
		}
	}
}

// miner has run on a machine of the laboratory since the first evening.
func (s *script) miner() {
	for i, t := 0, s.at(1, 18, 20, 0); t.Before(s.end); i, t = i+1, t.Add(45*time.Minute) {
		s.lookup(t, labPC.ip, dns01.ip, poolDomain, poolAddress)
		// The name stands in no TLS here: the sensor's flow record has it.
		s.flow(t.Add(time.Second), labPC.ip, poolAddress, poolDomain, 3333)
		if i%8 == 0 {
			s.alarm(t.Add(2*time.Second), wire{from: labPC.ip, to: poolAddress, port: 3333}, stratum, false)
		}
	}
}

// flow writes a connection as the firewall logs it, with the name it knows.
func (s *script) flow(at time.Time, from, to, name string, port int) {
	s.add(at, "firewall/flows", "ecs", doc{
		"@timestamp": at.Format(stamp), "ecs": doc{"version": "9.0.0"}, "observer": doc{"hostname": "fw01", "type": "firewall"},
		"event":  doc{"kind": "event", "dataset": "firewall.flows", "category": []string{"network"}, "type": []string{"connection"}, "action": "allowed"},
		"source": doc{"ip": from, "port": s.port(), "bytes": 900}, "destination": doc{"ip": to, "port": port, "domain": name, "bytes": 2100},
		"network": doc{"transport": "tcp"},
	})
}

// prize: somebody clicks, the proxy says no.
func (s *script) prize() {
	for i := range 3 {
		s.surf(s.at(1, 12, 21, 10+4*i), stations[8], "http://www."+prizeDomain+"/claim?id="+itoa(88120+i), true, 1400)
	}
}

// exercise: the supplier's phishing exercise, which everybody gets and some fail.
func (s *script) exercise() {
	for i, who := range stations {
		s.mail(s.at(2, 8, 30, i), letter{from: "it-support@" + exerciseDomain, sender: exerciseSender, to: who.user, subject: "Your password expires today"})
	}
	for i, n := range []int{3, 9, 12, 20} {
		s.surf(s.at(2, 8, 41+6*i, 17), stations[n], "https://portal."+exerciseDomain+"/login?c="+itoa(4000+n), false, 8200)
	}
}

// authorisedScan: the security team's own scanner, in the night.
func (s *script) authorisedScan() {
	for i, host := range []station{dc01, erpDB, erp, fs01, back, proxy, dns01} {
		for p, port := range []int{22, 80, 135, 443, 445, 1433, 3389, 8080} {
			at := s.at(2, 2, 5+3*i, 5*p)
			s.conn(at, wire{from: scan.ip, to: host.ip, port: port, seconds: .01, out: 44, in: 40})
			if p%4 == 3 {
				s.alarm(at.Add(time.Second), wire{from: scan.ip, to: host.ip, port: port}, portSweep, false)
			}
		}
	}
}

// hosting: harmless pages on a platform that a list condemns as a whole.
func (s *script) hosting() {
	for i, n := range []int{1, 6, 11, 13, 18, 22} {
		for visit := range 2 {
			s.surf(s.at(1+visit, 11, 50+i, 12), stations[n], "https://harbour-cafe."+hostingDomain+"/menu", false, 51_000)
		}
	}
}

// resolver: guests' phones ask the resolver they always ask.
func (s *script) resolver() {
	for i, t := 0, s.at(1, 8, 3, 0); t.Before(s.end); i, t = i+1, t.Add(7*time.Minute) {
		if s.chance(s.load(t)) {
			s.lookup(t, "10.20.90."+itoa(20+i%9), publicResolver, "www.youtube.com", "198.51.100.14")
		}
	}
}

// expired: what once was bad and has long been somebody else's.
func (s *script) expired() {
	for i := range 5 {
		at := s.at(1, 10+i, 25, 40)
		s.lookup(at, stations[5].ip, dns01.ip, expiredDomain, expiredAddress)
		s.conn(at.Add(time.Second), wire{from: stations[5].ip, to: expiredAddress, port: 443, service: "ssl", name: expiredDomain})
	}
}

// noise are the alerts that every network has.
func (s *script) noise() {
	for t := s.start; t.Before(s.end); t = t.Add(30 * time.Minute) {
		if s.chance(.25) {
			s.alarm(s.later(t, 30*time.Minute), wire{from: "10.20.50.12", to: "198.51.100.50", port: 443, service: "tls"}, oldTLS, false)
		}
		if s.chance(.5 * s.load(t)) {
			s.alarm(s.later(t, 30*time.Minute), wire{from: stations[21].ip, to: "198.51.100.51", port: 443, service: "tls"}, cloudBox, false)
		}
		if s.chance(.5 * s.load(t)) {
			who := stations[s.rnd.IntN(len(stations))]
			s.alarm(s.later(t, 30*time.Minute), wire{from: who.ip, to: "198.51.100." + itoa(60+s.rnd.IntN(40)), port: 443}, everyday[s.rnd.IntN(len(everyday))], false)
		}
		if s.chance(.3 * s.load(t)) {
			s.alarm(s.later(t, 30*time.Minute), wire{from: stations[24].ip, to: "10.20.1.60", port: 2222, service: "ssh"}, oddSSH, false)
		}
	}
}
