// Package indicator is the vocabulary of claims: the types of things that can be
// indicated (STIX 2.1 names), the one canonical spelling of each, and what a
// source can say of one.
//
// [Canonical] brings a value of a known type into its canonical spelling,
// [Detect] finds the type as well, [Refang] undoes the ways people write
// indicators so that they cannot be clicked. All are pure, safe for concurrent
// use, and never panic.
package indicator

// Type is the type of an indicator or observable.
type Type string

// The types. Addresses may carry a prefix length.
const (
	IPv4          Type = "ipv4-addr"
	IPv6          Type = "ipv6-addr"
	Domain        Type = "domain-name"
	URL           Type = "url"
	Email         Type = "email-addr"
	MD5           Type = "file:md5"
	SHA1          Type = "file:sha1"
	SHA256        Type = "file:sha256"
	SHA512        Type = "file:sha512"
	FileName      Type = "file:name"
	CertSHA1      Type = "x509-certificate:sha1"
	CertSHA256    Type = "x509-certificate:sha256"
	JA3           Type = "ja3"
	JA4           Type = "ja4"
	ASN           Type = "autonomous-system"
	MAC           Type = "mac-addr"
	UserAccount   Type = "user-account"
	Mutex         Type = "mutex"
	RegistryKey   Type = "windows-registry-key"
	UserAgent     Type = "user-agent"
	Vulnerability Type = "vulnerability"
	IPv4Port      Type = "ipv4-addr:port"
	IPv6Port      Type = "ipv6-addr:port"
	DomainPort    Type = "domain-name:port"
	Pattern       Type = "stix-pattern" // a STIX pattern that is not one comparison
)

// Types lists every type, in the order they are documented.
var Types = []Type{
	IPv4, IPv6, Domain, URL, Email, MD5, SHA1, SHA256, SHA512, FileName, CertSHA1, CertSHA256,
	JA3, JA4, ASN, MAC, UserAccount, Mutex, RegistryKey, UserAgent, Vulnerability,
	IPv4Port, IPv6Port, DomainPort, Pattern,
}
