package indicator

// Pain is a level of the pyramid of pain (D. Bianco, 2013): what it costs an
// attacker when defenders act on an indicator of this kind.
type Pain uint8

// The levels, from what an attacker changes for nothing to how he works.
const (
	PainUnknown     Pain = iota
	PainTrivial          // hash values
	PainEasy             // addresses
	PainSimple           // names
	PainAnnoying         // artefacts on hosts and networks
	PainChallenging      // tools
	PainTough            // tactics, techniques and procedures
)

// String returns the level's word.
func (p Pain) String() string {
	words := [...]string{"unknown", "trivial", "easy", "simple", "annoying", "challenging", "tough"}
	if int(p) < len(words) {
		return words[p]
	}
	return words[0]
}

// PainLevel returns the level of a type.
func PainLevel(t Type) Pain {
	switch t {
	case MD5, SHA1, SHA256, SHA512:
		return PainTrivial
	case IPv4, IPv6, IPv4Port, IPv6Port, MAC:
		return PainEasy
	case Domain, DomainPort, Email, ASN, CertSHA1, CertSHA256:
		return PainSimple
	case URL, FileName, Mutex, RegistryKey, UserAgent, UserAccount, JA3, JA4:
		return PainAnnoying
	case Vulnerability, Pattern:
		return PainTough
	}
	return PainUnknown
}

// DefaultLayer returns what kind of evidence a type is when its source does not
// say: a pattern is behaviour, a vulnerability comes before the attack.
func DefaultLayer(t Type) Layer {
	switch t {
	case Pattern:
		return IOA
	case Vulnerability:
		return Precursor
	}
	return IOC
}
