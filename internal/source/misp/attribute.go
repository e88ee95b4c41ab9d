package misp

import (
	"net"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// lowConfidence is that of an attribute its author did not mean for detection.
const lowConfidence = 20

// types are the attribute types that are one value.
// Source: MISP's describeTypes.
var types = map[string]indicator.Type{
	"domain": indicator.Domain, "hostname": indicator.Domain, "url": indicator.URL, "uri": indicator.URL,
	"ip-src": anyAddress, "ip-dst": anyAddress,
	"email": indicator.Email, "email-src": indicator.Email, "email-dst": indicator.Email, "email-reply-to": indicator.Email, "whois-registrant-email": indicator.Email, "dns-soa-email": indicator.Email,
	"md5": indicator.MD5, "sha1": indicator.SHA1, "sha256": indicator.SHA256, "sha512": indicator.SHA512,
	"filename": indicator.FileName, "regkey": indicator.RegistryKey, "mutex": indicator.Mutex, "user-agent": indicator.UserAgent,
	"ja3-fingerprint-md5": indicator.JA3, "AS": indicator.ASN, "vulnerability": indicator.Vulnerability, "mac-address": indicator.MAC,
	"x509-fingerprint-sha1": indicator.CertSHA1, "x509-fingerprint-sha256": indicator.CertSHA256,
}

// anyAddress stands in types for an address of either family.
const anyAddress = indicator.Type("address")

// silent are attribute types that describe an event and indicate nothing by
// themselves. They are dropped under their own name, all others as unknown.
var silent = map[string]bool{
	"comment": true, "text": true, "other": true, "link": true, "attachment": true, "malware-sample": true, "datetime": true,
	"float": true, "counter": true, "hex": true, "boolean": true, "size-in-bytes": true, "port": true, "target-user": true,
	"target-email": true, "target-machine": true, "target-org": true, "target-location": true, "target-external": true,
	"threat-actor": true, "campaign-name": true, "campaign-id": true, "malware-type": true, "yara": true, "sigma": true, "snort": true,
	"zeek": true, "bro": true, "pattern-in-file": true, "pattern-in-memory": true, "pattern-in-traffic": true, "stix2-pattern": true,
	"ssdeep": true, "imphash": true, "tlsh": true, "pehash": true, "impfuzzy": true, "authentihash": true, "vhash": true, "telfhash": true,
	"sha224": true, "sha384": true, "sha512/224": true, "sha512/256": true, "sha3-256": true, "cdhash": true, "x509-fingerprint-md5": true,
	"email-subject": true, "email-attachment": true, "email-body": true, "email-header": true, "email-message-id": true, "email-mime-boundary": true,
	"email-x-mailer": true, "email-thread-index": true, "email-src-display-name": true, "email-dst-display-name": true,
	"named pipe": true, "pdb": true, "windows-service-name": true, "windows-service-displayname": true, "windows-scheduled-task": true,
	"mime-type": true, "http-method": true, "cookie": true, "hassh-md5": true, "hasshserver-md5": true, "jarm-fingerprint": true, "favicon-mmh3": true,
	"btc": true, "dash": true, "xmr": true, "iban": true, "bic": true, "phone-number": true, "github-username": true, "github-repository": true, "twitter-id": true,
	"cpe": true, "weakness": true, "community-id": true, "dkim": true, "dkim-signature": true, "gene": true, "process-state": true,
	"whois-registrant-name": true, "whois-registrant-org": true, "whois-registrant-phone": true, "whois-registrar": true, "whois-creation-date": true,
	"mobile-application-id": true, "chrome-extension-id": true, "filename-pattern": true, "anonymised": true, "identity-card-number": true,
}

// claims returns what an attribute says, or why it says nothing to a detector.
func (a attribute) claims(about indicator.Claim) (claims []indicator.Claim, dropped string) {
	if a.Deleted {
		return nil, "deleted"
	}
	c := a.describe(about)
	for _, v := range a.values() {
		if v.raw = strings.TrimSpace(v.raw); v.raw == "" {
			continue
		}
		one := c
		one.Type, one.Raw = v.kind, v.raw
		if v.name != "" {
			one.Comment = shorten(strings.TrimPrefix(one.Comment+"; file "+v.name, "; "))
		}
		claims = append(claims, one)
	}
	switch {
	case claims != nil:
		return claims, ""
	case silent[string(a.Type)]:
		return nil, "type-" + strings.NewReplacer(" ", "-", "/", "-").Replace(string(a.Type))
	case a.isKnown():
		return nil, "no-value"
	}
	return nil, "unknown-type"
}

// describe fills everything but type and value.
func (a attribute) describe(about indicator.Claim) indicator.Claim {
	c := about
	label(&c, a.Tag, a.Galaxy)
	c.ExternalID, c.Line = shorten(string(a.UUID)), a.line
	if t := moment(a.FirstSeen); !t.IsZero() {
		c.FirstSeen = t
	}
	c.LastSeen = moment(a.LastSeen)
	if a.Comment != "" {
		c.Comment = shorten(strings.TrimPrefix(c.Comment+": "+string(a.Comment), ": "))
	}
	if !a.ToIDs {
		c.Tags = add(c.Tags, "to_ids:false")
		c.Confidence = lowConfidence
	}
	sighted(&c, a.Sighting)
	return c
}

type value struct {
	kind indicator.Type
	raw  string
	name string // of the file that a hash belongs to
}

func (a attribute) isKnown() bool {
	first, _, _ := strings.Cut(string(a.Type), "|")
	_, ok := types[first]
	return ok
}

// values takes a value apart where its type is a composite.
func (a attribute) values() []value {
	v := string(a.Value)
	if kind, ok := types[string(a.Type)]; ok {
		return []value{{kind: family(kind, v), raw: v}}
	}
	first, second, ok := strings.Cut(string(a.Type), "|")
	if !ok {
		return nil
	}
	left, right, ok := strings.Cut(v, "|")
	switch {
	case !ok:
		return nil
	case first == "filename": // the hash is the indicator, the name describes it
		if kind, ok := types[second]; ok {
			return []value{{kind: kind, raw: right, name: left}}
		}
	case first == "domain" && second == "ip":
		return []value{{kind: indicator.Domain, raw: left}, {kind: family(anyAddress, right), raw: right}}
	case second == "port":
		kind, ok := types[first]
		if !ok {
			return nil
		}
		return []value{{kind: family(kind, left) + ":port", raw: net.JoinHostPort(strings.Trim(strings.TrimSpace(left), "[]"), strings.TrimSpace(right))}}
	case first == "regkey":
		return []value{{kind: indicator.RegistryKey, raw: left}}
	}
	return nil
}

func family(kind indicator.Type, v string) indicator.Type {
	switch {
	case kind != anyAddress:
		return kind
	case strings.Contains(v, ":"):
		return indicator.IPv6
	}
	return indicator.IPv4
}
