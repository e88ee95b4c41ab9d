package indicator

import (
	"crypto/sha1"
	"encoding/json"
	"strings"

	"github.com/google/uuid"
)

// observables is the namespace of deterministic ids of STIX 2.1 §2.9.
var observables = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7")

// ID returns the UUIDv5 of a type and canonical value in the STIX namespace. It
// is the id of an [Indicator]: the same everywhere and for ever.
func ID(t Type, value string) string { return UUID(t, value).String() }

// UUID is [ID] as a number.
func UUID(t Type, value string) uuid.UUID {
	buf := make([]byte, 0, 256)
	buf = append(buf, observables[:]...)
	if plain(string(t)) && plain(value) {
		buf = append(append(buf, `{"type":"`...), t...)
		buf = append(append(buf, `","value":"`...), value...)
		buf = append(buf, `"}`...)
	} else {
		name, _ := json.Marshal(struct {
			Type  Type   `json:"type"`
			Value string `json:"value"`
		}{t, value})
		buf = append(buf, name...)
	}
	sum := sha1.Sum(buf)
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// plain reports whether s stands in JSON as it is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// ObservableID returns the id that STIX 2.1 prescribes for the cyber-observable
// object of a value ("ipv4-addr--28bb3599-…"), "" for types that STIX has no
// object for.
func ObservableID(t Type, value string) string {
	object, name := contribution(t, value)
	if object == "" {
		return ""
	}
	j, err := json.Marshal(name)
	if err != nil {
		return ""
	}
	return object + "--" + uuid.NewSHA1(observables, j).String()
}

// contribution returns the object type and the id-contributing properties.
func contribution(t Type, value string) (string, any) {
	hash := func(object, name string) (string, any) {
		return object, map[string]any{"hashes": map[string]string{name: value}}
	}
	switch t {
	case IPv4, IPv6, Domain, URL, Email, MAC:
		return string(t), map[string]string{"value": value}
	case MD5:
		return hash("file", "MD5")
	case SHA1:
		return hash("file", "SHA-1")
	case SHA256:
		return hash("file", "SHA-256")
	case SHA512:
		return hash("file", "SHA-512")
	case CertSHA1:
		return hash("x509-certificate", "SHA-1")
	case CertSHA256:
		return hash("x509-certificate", "SHA-256")
	case FileName:
		return "file", map[string]string{"name": value}
	case Mutex:
		return "mutex", map[string]string{"name": value}
	case RegistryKey:
		return string(t), map[string]string{"key": value}
	case UserAccount:
		return string(t), map[string]string{"account_login": value}
	case ASN:
		return string(t), map[string]json.Number{"number": json.Number(strings.TrimPrefix(value, "AS"))}
	}
	return "", nil
}
