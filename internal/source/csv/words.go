package csv

import (
	"strings"

	"github.com/vedette-soc/vedette/indicator"
)

// anyType is what a type word means that names no one type.
const anyType = indicator.Type("")

// typeWords maps what publishers write in a type column, and as names of columns
// that hold values, to types. Words are compared in lower case, without spaces,
// hyphens and underscores.
var typeWords = map[string]indicator.Type{
	"ip": anyType, "ipaddress": anyType, "ipaddr": anyType, "ipport": anyType, "ip:port": anyType, "dstip": anyType, "srcip": anyType,
	"ipdst": anyType, "ipsrc": anyType, "address": anyType, "cidr": anyType, "host": anyType, "network": anyType,
	"ipv4": indicator.IPv4, "ipv4addr": indicator.IPv4, "ipv6": indicator.IPv6, "ipv6addr": indicator.IPv6,
	"domain": indicator.Domain, "domainname": indicator.Domain, "hostname": indicator.Domain, "fqdn": indicator.Domain,
	"url": indicator.URL, "uri": indicator.URL, "link": indicator.URL, "downloadurl": indicator.URL,
	"email": indicator.Email, "emailaddr": indicator.Email, "emailsender": indicator.Email, "emailsrc": indicator.Email, "emailaddress": indicator.Email, "emailwhois": indicator.Email,
	"md5": indicator.MD5, "md5hash": indicator.MD5, "sha1": indicator.SHA1, "sha1hash": indicator.SHA1,
	"sha256": indicator.SHA256, "sha256hash": indicator.SHA256, "sha512": indicator.SHA512, "sha512hash": indicator.SHA512,
	"filename": indicator.FileName, "file": anyType, "hash": anyType, "filehash": anyType,
	"sslcertsha1": indicator.CertSHA1, "certsha1": indicator.CertSHA1,
	"ja3": indicator.JA3, "ja3md5": indicator.JA3, "ja3fingerprint": indicator.JA3, "ja4": indicator.JA4,
	"asn": indicator.ASN, "mac": indicator.MAC, "mutex": indicator.Mutex, "mutexname": indicator.Mutex,
	"registry": indicator.RegistryKey, "registrykey": indicator.RegistryKey, "regkey": indicator.RegistryKey,
	"useragent": indicator.UserAgent, "cve": indicator.Vulnerability, "vulnerability": indicator.Vulnerability,
	"c2": anyType, "c2server": anyType, "c&c": anyType, "c2domain": indicator.Domain, "c2ip": anyType, "c2url": indicator.URL,
}

// genericColumns are names of columns that hold indicators of any type.
var genericColumns = map[string]bool{
	"value": true, "indicator": true, "ioc": true, "iocvalue": true, "observable": true, "artifact": true, "indicatorvalue": true, "ioctext": true,
}

// otherColumns are names of columns that describe the indicator.
var otherColumns = map[string]string{
	"type": fieldType, "ioctype": fieldType, "entitytype": fieldType, "indicatortype": fieldType,
	"port": fieldPort, "dstport": fieldPort,
	"names": "names", "malware": "names", "malwareprintable": "names", "malwarefamily": "names", "family": "names", "actor": "names", "threatactor": "names", "toolname": "names", "signature": "names",
	"tags": "tags", "tag": "tags", "threattype": "tags",
	"confidence": "confidence", "confidencelevel": "confidence", "tlp": "tlp", "killchain": "kill_chain", "killchainphase": "kill_chain",
	"firstseen": "first_seen", "firstseenutc": "first_seen", "dateadded": "first_seen", "date": "first_seen", "lastseen": "last_seen", "lastseenutc": "last_seen", "lastonline": "last_seen",
	"validfrom": "valid_from", "validuntil": "valid_until",
	"description": "comment", "comment": "comment", "notes": "comment", "note": "comment", "context": "comment",
	"reference": "reference", "references": "reference", "source": "reference", "urlhauslink": "reference", "id": "external_id", "iocid": "external_id",
}

var fold = strings.NewReplacer(" ", "", "_", "", "-", "", ".", "")

// word brings a publisher's word into the tables' spelling.
func word(s string) string {
	if len(s) > 40 {
		return ""
	}
	return strings.TrimPrefix(fold.Replace(strings.ToLower(s)), "#")
}

// valueColumn reports whether a column of this name holds indicators, and of
// which type if the name says so.
func valueColumn(name string) (indicator.Type, bool) {
	w := word(name)
	if t, ok := typeWords[w]; ok {
		return t, true
	}
	return anyType, genericColumns[w]
}

func otherColumn(name string) string { return otherColumns[word(name)] }

// typeOf reads a cell of a type column; anyType when it says nothing known.
func typeOf(cell string) indicator.Type {
	w := word(cell)
	for _, t := range indicator.Types {
		if string(t) == cell {
			return t
		}
	}
	return typeWords[w]
}
