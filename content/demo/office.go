package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"
)

const stamp = "2006-01-02T15:04:05.000Z"

// surf writes what the proxy logs of a page view.
func (s *script) surf(at time.Time, who station, address string, denied bool, size int) {
	action, status, outcome := "allowed", 200, "success"
	if denied {
		action, status, outcome = "denied", 403, "failure"
	}
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Hostname()
	}
	s.add(at, "proxy01/access", "ecs", doc{
		"@timestamp": at.Format(stamp), "ecs": doc{"version": "9.0.0"}, "observer": doc{"hostname": "proxy01", "type": "proxy"},
		"event":  doc{"kind": "event", "dataset": "squid.access", "category": []string{"web"}, "type": []string{"access"}, "action": action, "outcome": outcome},
		"source": doc{"ip": who.ip}, "user": doc{"name": who.user}, "url": doc{"full": address, "domain": host},
		"http": doc{"request": doc{"method": "GET"}, "response": doc{"status_code": status, "bytes": size}},
	})
}

// letter is a mail as the gateway logs it.
type letter struct {
	from, sender string // address, and address of the server it came from
	to           string // account of ours
	subject      string
	attachment   string
	blocked      bool
}

func (s *script) mail(at time.Time, l letter) {
	action := "delivered"
	if l.blocked {
		action = "blocked"
	}
	email := doc{
		"from": doc{"address": []string{l.from}}, "to": doc{"address": []string{l.to + "@" + ownDomain}}, "subject": l.subject,
		"message_id": "<" + s.token(20) + "@" + l.from[strings.IndexByte(l.from, '@')+1:] + ">", "direction": "inbound",
	}
	if l.attachment != "" {
		email["attachments"] = doc{"file": doc{"name": []string{l.attachment}}}
	}
	s.add(at, "mail01/messages", "ecs", doc{
		"@timestamp": at.Format(stamp), "ecs": doc{"version": "9.0.0"}, "observer": doc{"hostname": "mail01", "type": "mail-gateway"},
		"event":  doc{"kind": "event", "dataset": "mailgateway.messages", "category": []string{"email"}, "action": action},
		"source": doc{"ip": l.sender}, "destination": doc{"ip": mailAddress}, "email": email,
	})
}

// windows writes an event as Winlogbeat ships it.
func (s *script) windows(at time.Time, host, channel, provider string, id int, data doc) {
	s.record++
	computer := strings.ToUpper(host) + ".corp." + ownDomain
	s.add(at, "winlogbeat", "windows", doc{
		"@timestamp": at.Format(stamp), "ecs": doc{"version": "9.0.0"}, "agent": doc{"type": "winlogbeat"}, "host": doc{"name": computer},
		"event": doc{"kind": "event", "code": id},
		"winlog": doc{
			"channel": channel, "provider_name": provider, "event_id": id, "computer_name": computer, "record_id": 100000 + s.record, "event_data": data,
		},
	})
}

func (s *script) sysmon(at time.Time, host string, id int, data doc) {
	data["UtcTime"] = at.Format("2006-01-02 15:04:05.000")
	s.windows(at, host, "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id, data)
}

func (s *script) security(at time.Time, host string, id int, data doc) {
	s.windows(at, host, "Security", "Microsoft-Windows-Security-Auditing", id, data)
}

// program is a process that starts.
type program struct {
	path, command, parent string
	hash                  string // SHA-256; made from the path when empty
}

func (s *script) starts(at time.Time, host, user string, p program) {
	if p.command == "" {
		p.command = `"` + p.path + `"`
	}
	if p.hash == "" {
		sum := sha256.Sum256([]byte(p.path))
		p.hash = hex.EncodeToString(sum[:])
	}
	s.sysmon(at, host, 1, doc{
		"ProcessId": 1000 + s.rnd.IntN(20000), "Image": p.path, "CommandLine": p.command, "ParentImage": p.parent,
		"User": `MERIDIAN\` + user, "Hashes": "SHA256=" + strings.ToUpper(p.hash), "IntegrityLevel": "Medium",
	})
}

// logon writes a sign-in at host from an address; kind is Windows' logon type.
func (s *script) logon(at time.Time, host, user, from string, kind int) {
	s.security(at, host, 4624, doc{
		"TargetUserName": user, "TargetDomainName": "MERIDIAN", "LogonType": kind, "IpAddress": from, "SubjectUserName": "-", "AuthenticationPackageName": "Kerberos",
	})
}

// ticket writes a service ticket that dc01 gave; 0x17 is RC4.
func (s *script) ticket(at time.Time, user, service, from, encryption string) {
	s.security(at, dc01.name, 4769, doc{
		"TargetUserName": user + "@CORP." + strings.ToUpper(ownDomain), "TargetDomainName": "CORP", "ServiceName": service,
		"IpAddress": "::ffff:" + from, "TicketEncryptionType": encryption, "Status": "0x0",
	})
}
