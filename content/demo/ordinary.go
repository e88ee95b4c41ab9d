package demo

import "time"

// ordinary is what people do all day.
func (s *script) ordinary() {
	for t := s.start; t.Before(s.end); t = t.Add(time.Minute) {
		busy := s.load(t)
		for _, who := range stations {
			if s.chance(.16 * busy) {
				s.visit(s.later(t, time.Minute), who)
			}
			if s.chance(.05 * busy) {
				s.work(s.later(t, time.Minute), who)
			}
			if s.chance(.04 * busy) {
				s.share(s.later(t, time.Minute), who)
			}
		}
		if s.chance(.6 * busy) {
			s.post(s.later(t, time.Minute))
		}
		if s.chance(.1 + .8*busy) {
			s.customer(s.later(t, time.Minute))
		}
	}
}

// visit goes to a site: pages through the proxy, programs on their own.
func (s *script) visit(at time.Time, who station) {
	place := sites[min(s.rnd.IntN(len(sites)), s.rnd.IntN(len(sites)))]
	if s.chance(.55) {
		for range 1 + s.rnd.IntN(3) {
			s.surf(at, who, "https://"+place.name+"/"+s.token(6), false, 2000+s.rnd.IntN(400000))
			at = s.later(at, 20*time.Second)
		}
		return
	}
	s.lookup(at, who.ip, dns01.ip, place.name, place.ip)
	s.conn(at.Add(30*time.Millisecond), wire{from: who.ip, to: place.ip, port: 443, service: "ssl", name: place.name})
}

// work starts a program, now and then after signing in.
func (s *script) work(at time.Time, who station) {
	if s.chance(.2) {
		s.logon(at, who.name, who.user, who.ip, 2)
		s.ticket(at.Add(time.Second), who.user, "FS01$", who.ip, "0x12")
	}
	p := programs[s.rnd.IntN(len(programs))]
	command := ""
	if p.parent != `C:\Windows\explorer.exe` && s.chance(.3) {
		command = p.path + ` -ExecutionPolicy AllSigned -File \\fs01\scripts\inventory.ps1`
	}
	s.starts(at.Add(2*time.Second), who.name, who.user, program{path: p.path, parent: p.parent, command: command})
}

// share opens a file on the server.
func (s *script) share(at time.Time, who station) {
	s.conn(at, wire{from: who.ip, to: fs01.ip, port: 445, service: "smb"})
	if s.chance(.5) {
		s.conn(at.Add(time.Second), wire{from: who.ip, to: dc01.ip, port: 88, service: "krb"})
		s.logon(at.Add(2*time.Second), fs01.name, who.user, who.ip, 3)
	}
}

var subjects = []string{
	"Re: slot for Thursday", "Delivery note 20817", "Tide table", "Invoice for March tolls", "Re: Re: damaged pallet", "Customs papers attached",
	"Container MFRU 471102", "Request for quotation", "Newsletter: rail and road", "Berth change",
}

var correspondents = []struct{ address, server string }{
	{"desk@nordhafen-terminal.example", "192.0.2.40"},
	{"operations@balticore-shipping.example", "192.0.2.41"},
	{"service@ledgerline.example", "192.0.2.42"},
	{"info@customs-gateway.example", "192.0.2.43"},
	{"orders@pallet-exchange.example", "192.0.2.44"},
	{"news@harbour-news.example", "192.0.2.45"},
}

// post brings a mail.
func (s *script) post(at time.Time) {
	c := correspondents[s.rnd.IntN(len(correspondents))]
	l := letter{from: c.address, sender: c.server, to: stations[s.rnd.IntN(len(stations))].user, subject: subjects[s.rnd.IntN(len(subjects))]}
	if s.chance(.3) {
		l.attachment = "document-" + s.token(5) + ".pdf"
	}
	s.mail(at, l)
}

// customer uses the booking portal from somewhere.
func (s *script) customer(at time.Time) {
	from := "192.0.2." + itoa(60+s.rnd.IntN(190))
	w := wire{from: from, to: shopAddress, port: 443, service: "ssl", name: "shop." + ownDomain}
	s.conn(at, w)
	if s.chance(.2) {
		w.port, w.service, w.out, w.in = 80, "http", 0, 178
		s.request(at, w, "GET", "/", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", 301)
	}
}

// servers is what goes on without people.
func (s *script) servers() {
	updates := []site{{"fe2.update.microsoft.com", "198.51.100.30"}, {"ctldl.windowsupdate.com", "198.51.100.31"}, {"ocsp.digicert.com", "198.51.100.32"}}
	for t := s.start; t.Before(s.end); t = t.Add(10 * time.Minute) {
		for _, host := range []station{dc01, erpDB, erp, fs01, back, proxy, shop} {
			u := updates[s.rnd.IntN(len(updates))]
			at := s.later(t, 10*time.Minute)
			s.lookup(at, host.ip, dns01.ip, u.name, u.ip)
			s.conn(at.Add(40*time.Millisecond), wire{from: host.ip, to: u.ip, port: 443, service: "ssl", name: u.name})
			s.conn(s.later(t, 10*time.Minute), wire{from: host.ip, to: "198.51.100.40", port: 123, proto: "udp", service: "ntp", seconds: .03, out: 48, in: 48})
		}
		for range 3 {
			s.conn(s.later(t, 10*time.Minute), wire{from: erp.ip, to: erpDB.ip, port: 1433})
			s.conn(s.later(t, 10*time.Minute), wire{from: crane.ip, to: "10.20.60.20", port: 502, service: "modbus", out: 120, in: 180})
		}
		s.ticket(s.later(t, 10*time.Minute), "svc-erp", "MSSQLSvc/erp-db01", erp.ip, "0x12")
	}
	for night := 1; night <= 2; night++ {
		for i := range 40 {
			from := []station{fs01, erpDB, erp, dc01}[i%4]
			s.conn(s.at(night, 1, i, 7), wire{from: back.ip, to: from.ip, port: 10000, seconds: 50, out: 90000, in: 80_000_000 + s.rnd.IntN(90_000_000)})
		}
	}
}
