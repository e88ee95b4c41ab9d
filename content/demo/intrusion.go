package demo

import "time"

const (
	explorer   = `C:\Windows\explorer.exe`
	outlook    = `C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`
	excel      = `C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`
	powershell = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
	loader     = `C:\Users\i.kowalczyk\AppData\Roaming\Portside\inv-4471.exe`
)

var (
	remoteService = signature{9100201, "MF SMB service created remotely over ADMIN$", "Attempted Administrator Privilege Gain", 1, []string{"T1021.002", "T1569.002"}}
	replication   = signature{9100202, "MF DCERPC directory replication asked for by no domain controller", "Successful Credential Theft Detected", 1, []string{"T1003.006"}}
	largeUpload   = signature{9100203, "MF TLS upload of gigabytes to a host never met before", "Large Scale Information Leak", 1, []string{"T1041"}}
	scriptAgent   = signature{9100204, "MF HTTP archive fetched by PowerShell", "A Network Trojan was detected", 1, []string{"T1059.001", "T1105"}}
)

// intrusion is Harbour Lantern.
func (s *script) intrusion() {
	victim := stations[16] // ws-0117
	s.invoice(victim)
	s.beacons(victim)
	s.lateral(victim)
	s.credentials(victim)
	s.exfiltration()
}

// invoice: the mail, the document, the loader.
func (s *script) invoice(victim station) {
	for i, to := range []string{victim.user, "p.desmet", "m.albrecht"} {
		s.mail(s.at(1, 9, 12, 4+i), letter{
			from: "billing@" + invoiceDomain, sender: invoiceSender, to: to,
			subject: "Overdue: invoice 4471", attachment: "invoice-4471.xlsm", blocked: to == "m.albrecht",
		})
	}
	s.starts(s.at(1, 9, 30, 40), victim.name, victim.user, program{path: outlook, parent: explorer})
	s.starts(s.at(1, 9, 31, 12), victim.name, victim.user, program{path: excel, parent: outlook, command: `"` + excel + `" "C:\Users\i.kowalczyk\Downloads\invoice-4471.xlsm"`})
	s.starts(s.at(1, 9, 32, 3), victim.name, victim.user, program{path: powershell, parent: excel, command: "powershell -w hidden -nop -c IEX (Get-Content $env:TEMP\\q.txt)"})
	s.surf(s.at(1, 9, 32, 9), victim, loaderURL, false, 684_032)
	s.alarm(s.at(1, 9, 32, 9), wire{from: victim.ip, to: proxy.ip, port: 3128, service: "http"}, scriptAgent, false)
	s.sysmon(s.at(1, 9, 32, 15), victim.name, 11, doc{"Image": powershell, "TargetFilename": loader, "User": `MERIDIAN\` + victim.user})
	s.starts(s.at(1, 9, 33, 2), victim.name, victim.user, program{path: loader, parent: powershell, hash: loaderHash})
	s.sysmon(s.at(1, 9, 34, 0), victim.name, 13, doc{
		"Image": loader, "TargetObject": `HKU\S-1-5-21-1004\Software\Microsoft\Windows\CurrentVersion\Run\Portside`, "Details": loader, "User": `MERIDIAN\` + victim.user,
	})
}

// beacons: every ten minutes until the end, with a look-up every hour.
func (s *script) beacons(victim station) {
	first := s.at(1, 9, 36, 20)
	s.sysmon(first, victim.name, 22, doc{"Image": loader, "QueryName": beaconDomain, "QueryResults": "::ffff:" + beaconAddress + ";", "User": `MERIDIAN\` + victim.user})
	s.sysmon(first.Add(time.Second), victim.name, 3, doc{
		"Image": loader, "Protocol": "tcp", "Initiated": "true", "SourceIp": victim.ip, "SourcePort": s.port(),
		"DestinationIp": beaconAddress, "DestinationPort": 443, "DestinationHostname": beaconDomain, "User": `MERIDIAN\` + victim.user,
	})
	for i, t := 0, first; t.Before(s.end.Add(-10 * time.Minute)); i, t = i+1, t.Add(10*time.Minute) {
		at := s.later(t, 40*time.Second)
		if i%6 == 0 {
			s.lookup(at, victim.ip, dns01.ip, beaconDomain, beaconAddress)
		}
		s.conn(at.Add(time.Second), wire{from: victim.ip, to: beaconAddress, port: 443, service: "ssl", name: beaconDomain, ja3: beaconJA3, seconds: 2.1, out: 1180, in: 640})
	}
}

// lateral: a service on the file server, which then calls out as well.
func (s *script) lateral(victim station) {
	t := s.at(2, 10, 4, 11)
	s.conn(t, wire{from: victim.ip, to: fs01.ip, port: 445, service: "smb", out: 690_112, in: 9_000})
	s.alarm(t.Add(time.Second), wire{from: victim.ip, to: fs01.ip, port: 445, service: "smb"}, remoteService, false)
	s.logon(t.Add(2*time.Second), fs01.name, "adm-baker", victim.ip, 3)
	s.windows(t.Add(3*time.Second), fs01.name, "System", "Service Control Manager", 7045, doc{
		"ServiceName": "PortsideSync", "ImagePath": `%SystemRoot%\psync.exe`, "ServiceType": "user mode service", "StartType": "demand start", "AccountName": "LocalSystem",
	})
	s.starts(t.Add(4*time.Second), fs01.name, "SYSTEM", program{path: `C:\Windows\psync.exe`, parent: `C:\Windows\System32\services.exe`, hash: loaderHash})
	s.lookup(t.Add(40*time.Second), fs01.ip, dns01.ip, beaconDomain, beaconAddress)
	s.conn(t.Add(41*time.Second), wire{from: fs01.ip, to: beaconAddress, port: 443, service: "ssl", name: beaconDomain, ja3: beaconJA3, seconds: 3, out: 1420, in: 81_000})
}

// credentials: tickets of weak encryption, a dumper, replication.
func (s *script) credentials(victim station) {
	for i, service := range []string{"MSSQLSvc/erp-db01", "svc-backup", "svc-files", "HTTP/erp-app01"} {
		s.ticket(s.at(2, 10, 41, 10+i), victim.user, service, victim.ip, "0x17")
	}
	t := s.at(2, 11, 18, 30)
	s.logon(t, dc01.name, "adm-richter", fs01.ip, 3)
	s.starts(t.Add(20*time.Second), dc01.name, "adm-richter", program{
		path: `C:\Windows\Temp\wlms.exe`, parent: `C:\Windows\System32\wbem\WmiPrvSE.exe`, command: `C:\Windows\Temp\wlms.exe lsadump`, hash: dumperHash,
	})
	s.security(t.Add(50*time.Second), dc01.name, 4662, doc{
		"SubjectUserName": "adm-richter", "SubjectDomainName": "MERIDIAN", "ObjectType": "domainDNS", "AccessMask": "0x100",
		"Properties": "{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}", "ObjectServer": "DS",
	})
	s.alarm(t.Add(50*time.Second), wire{from: fs01.ip, to: dc01.ip, port: 135, service: "dcerpc"}, replication, false)
}

// exfiltration: tables packed, then sent out for two hours.
func (s *script) exfiltration() {
	t := s.at(2, 13, 40, 5)
	s.logon(t, erpDB.name, "svc-backup", fs01.ip, 3)
	s.starts(t.Add(30*time.Second), erpDB.name, "svc-backup", program{
		path: `C:\ProgramData\Portside\7z.exe`, parent: `C:\Windows\System32\cmd.exe`, command: `7z.exe a -v500m -mhe C:\ProgramData\Portside\q.7z D:\exports\*.bak`,
	})
	s.lookup(s.at(2, 14, 4, 50), erpDB.ip, dns01.ip, dropDomain, dropAddress)
	for i := range 18 {
		at := s.later(s.at(2, 14, 5+7*i, 0), time.Minute)
		s.conn(at, wire{from: erpDB.ip, to: dropAddress, port: 443, service: "ssl", name: dropDomain, seconds: 340, out: 500_000_000 + s.rnd.IntN(9000), in: 61_000})
		if i%6 == 2 {
			s.alarm(at.Add(5*time.Minute), wire{from: erpDB.ip, to: dropAddress, port: 443, service: "tls", out: 400_000_000}, largeUpload, false)
		}
	}
}
