package demo

// station is a workstation with whoever sits at it.
type station struct{ name, ip, user string }

// stations are the workstations of the profile.
var stations = []station{
	{"ws-0101", "10.20.10.1", "m.albrecht"},
	{"ws-0102", "10.20.10.2", "h.lindqvist"},
	{"ws-0103", "10.20.10.3", "p.desmet"},
	{"ws-0104", "10.20.10.4", "s.okafor"},
	{"ws-0105", "10.20.10.5", "t.brandt"},
	{"ws-0106", "10.20.10.6", "l.moreau"},
	{"ws-0107", "10.20.10.7", "k.nowak"},
	{"ws-0108", "10.20.10.8", "a.vermeer"},
	{"ws-0109", "10.20.10.9", "j.halloran"},
	{"ws-0110", "10.20.10.10", "r.petersen"},
	{"ws-0111", "10.20.10.11", "d.costa"},
	{"ws-0112", "10.20.10.12", "e.schulte"},
	{"ws-0113", "10.20.10.13", "f.marchetti"},
	{"ws-0114", "10.20.10.14", "g.olsen"},
	{"ws-0115", "10.20.10.15", "b.janssen"},
	{"ws-0116", "10.20.10.16", "n.weber"},
	{"ws-0117", "10.20.10.17", "i.kowalczyk"},
	{"ws-0118", "10.20.10.18", "o.kaya"},
	{"ws-0119", "10.20.10.19", "c.lambert"},
	{"ws-0120", "10.20.10.20", "v.horvat"},
	{"ws-0121", "10.20.10.21", "w.dekker"},
	{"ws-0122", "10.20.10.22", "y.aydin"},
	{"ws-0123", "10.20.10.23", "z.novak"},
	{"ws-0124", "10.20.10.24", "q.baker"},
	{"ws-0125", "10.20.10.25", "u.richter"},
}

// The servers, by the names and addresses of the profile.
var (
	dc01  = station{"dc01", "10.20.1.10", "svc-directory"}
	dns01 = station{"dns01", "10.20.1.11", ""}
	erpDB = station{"erp-db01", "10.20.1.20", "svc-sql"}
	erp   = station{"erp-app01", "10.20.1.21", "svc-erp"}
	fs01  = station{"fs01", "10.20.1.30", "svc-files"}
	proxy = station{"proxy01", "10.20.1.40", ""}
	back  = station{"backup01", "10.20.1.60", "svc-backup"}
	scan  = station{"scan01", "10.20.1.70", ""}
	crane = station{"crane-hmi01", "10.20.60.10", ""}
	labPC = station{"lab-gpu01", "10.20.40.15", ""}
	shop  = station{"shop01", "10.20.2.10", ""}
)

// The outside. Attackers' values are listed in feeds, see feeds.go.
const (
	ownDomain     = "meridian-freight.example"
	shopAddress   = "203.0.113.20"
	mailAddress   = "203.0.113.25"
	invoiceDomain = "harbor-invoices.example"
	invoiceSender = "198.18.23.10"

	loaderHost    = "files.portside-docs.example"
	loaderURL     = "http://" + loaderHost + "/dl/inv-4471.zip"
	beaconDomain  = "tide-sync.example"
	beaconAddress = "198.18.44.7"
	beaconJA3     = "5b2d7c0e9a41f6383c1e07d9b86a24f0"
	dropDomain    = "drop.pilot-cargo.example"
	dropAddress   = "198.18.61.20"

	scannerAddress = "198.18.5.77"
	poolDomain     = "pool.shiny-hash.example"
	poolHost       = poolDomain + ":3333"
	poolAddress    = "198.18.90.3"
	prizeDomain    = "win-prize-now.example"
	exerciseDomain = "training-clearaware.example"
	exerciseSender = "198.51.100.80"
	hostingDomain  = "weebly.com"
	publicResolver = "8.8.8.8"
	expiredDomain  = "route-mirror.example"
	expiredAddress = "198.18.120.9"

	// SHA-256 of files that do not exist.
	loaderHash = "9f3c61d7a8e04b52c7d916f03be58a47216c0fd4938ae75b12dc6048f7b9a35e"
	dumperHash = "41d80ce7b6925fa3087e4c1bd96f2350a8c7e41960db3f725ea84c09d1b7f638"
)

// site is somewhere people go.
type site struct{ name, ip string }

// sites are visited on an ordinary day, the first ones more often.
var sites = []site{
	{"outlook.office365.com", "198.51.100.10"},
	{"login.microsoftonline.com", "198.51.100.11"},
	{"teams.microsoft.com", "198.51.100.12"},
	{"www.google.com", "198.51.100.13"},
	{"meridian-portal.example", "203.0.113.21"},
	{"booking.nordhafen-terminal.example", "192.0.2.10"},
	{"track.balticore-shipping.example", "192.0.2.11"},
	{"app.ledgerline.example", "192.0.2.12"},
	{"customs-gateway.example", "192.0.2.13"},
	{"tides-and-weather.example", "192.0.2.14"},
	{"www.youtube.com", "198.51.100.14"},
	{"www.linkedin.com", "198.51.100.15"},
	{"meridian-freight.sharepoint.com", "198.51.100.16"},
	{"maps.google.com", "198.51.100.17"},
	{"truck-tolls.example", "192.0.2.15"},
	{"container-index.example", "192.0.2.16"},
	{"harbour-news.example", "192.0.2.17"},
	{"www.wikipedia.org", "198.51.100.18"},
	{"translate.google.com", "198.51.100.19"},
	{"dangerous-goods.example", "192.0.2.18"},
	{"pallet-exchange.example", "192.0.2.19"},
	{"fuel-card.example", "192.0.2.20"},
	{"rail-slots.example", "192.0.2.21"},
	{"cdn.jsdelivr.net", "198.51.100.20"},
	{"canteen-menu.example", "192.0.2.22"},
	{"www.reddit.com", "198.51.100.21"},
	{"github.com", "198.51.100.22"},
	{"regional-bank.example", "192.0.2.23"},
	{"tax-office.example", "192.0.2.24"},
	{"football-results.example", "192.0.2.25"},
	{"recipes-daily.example", "192.0.2.26"},
	{"holiday-rentals.example", "192.0.2.27"},
}

// programs are what people start.
var programs = []struct{ path, parent string }{
	{`C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, `C:\Windows\explorer.exe`},
	{`C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`, `C:\Windows\explorer.exe`},
	{`C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, `C:\Windows\explorer.exe`},
	{`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, `C:\Windows\explorer.exe`},
	{`C:\Program Files\LedgerLine\ledgerline.exe`, `C:\Windows\explorer.exe`},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\services.exe`},
	{`C:\Windows\System32\backgroundTaskHost.exe`, `C:\Windows\System32\svchost.exe`},
	{`C:\Windows\System32\notepad.exe`, `C:\Windows\explorer.exe`},
	{`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `C:\Windows\System32\svchost.exe`},
}
