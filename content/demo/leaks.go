package demo

import (
	"fmt"
	"strings"
	"time"
)

// Leaks is a table of stolen credentials as an analyst brings it in: of two stealer logs,
// one of them of the machine that mines; of a breach and of a list; and of people who are
// not of the company.
func Leaks(now time.Time) []byte {
	var b strings.Builder
	b.WriteString("account,site,password,machine,family,date,kind,source\n")
	row := func(account, site, machine, family string, days int, kind, source string) {
		date := ""
		if days > 0 {
			date = now.AddDate(0, 0, -days).UTC().Format(time.DateOnly)
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,%s,%s\n", account, site, "of-the-demo-"+account, machine, family, date, kind, source)
	}
	row("laboratory@meridian-freight.example", "https://quaybook.example/login", "lab-gpu01", "Vidar", 5, "stealer", "stealer logs of a forum")
	row("j.halloran@meridian-freight.example", "https://vpn.meridian-freight.example/", "DESKTOP-7Q2KD", "Lumma", 19, "stealer", "stealer logs of a forum")
	row("j.halloran@meridian-freight.example", "https://tickets.football.example/", "DESKTOP-7Q2KD", "Lumma", 19, "stealer", "stealer logs of a forum")
	row("c.lambert@meridian-freight.example", "https://trade-fair.example/", "", "", 400, "breach", "Trade fair")
	row("r.petersen@meridian-freight.example", "", "", "", 0, "combo", "a list of 40 million")
	row("somebody@other.example", "https://shop.example/", "", "", 0, "combo", "a list of 40 million")
	return []byte(b.String())
}
