package stix

import (
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/stix"
)

// value is what a pattern looks for, as far as the matcher can look it up.
type value struct {
	kind indicator.Type
	raw  string
}

// maxValues bounds the claims of one pattern; beyond it the pattern stays whole.
const maxValues = 10_000

// patternValues returns the values that a pattern is equivalent to, or the
// pattern itself when it means more than "any one of these values": a part of it
// would fire where the whole does not.
func patternValues(p stix.Pattern) []value {
	whole := []value{{indicator.Pattern, p.String()}}
	if values, ok := conjunction(p); ok {
		return values
	}
	found, ok := p.Values()
	if !ok || len(found) == 0 || len(found) > maxValues {
		return whole
	}
	values := make([]value, 0, len(found))
	for _, f := range found {
		v, ok := pathValue(f)
		if !ok {
			return whole
		}
		values = append(values, v)
	}
	return values
}

// plainPaths are the object paths whose value is an indicator's.
var plainPaths = map[string]indicator.Type{
	"ipv4-addr:value":                                 indicator.IPv4,
	"ipv6-addr:value":                                 indicator.IPv6,
	"domain-name:value":                               indicator.Domain,
	"url:value":                                       indicator.URL,
	"email-addr:value":                                indicator.Email,
	"email-message:from_ref.value":                    indicator.Email,
	"email-message:sender_ref.value":                  indicator.Email,
	"email-message:to_refs[*].value":                  indicator.Email,
	"email-message:cc_refs[*].value":                  indicator.Email,
	"email-message:additional_header_fields.reply_to": indicator.Email,
	"email-message:additional_header_fields.Reply-To": indicator.Email,
	"file:name":                                       indicator.FileName,
	"mac-addr:value":                                  indicator.MAC,
	"mutex:name":                                      indicator.Mutex,
	"windows-registry-key:key":                        indicator.RegistryKey,
	"user-account:user_id":                            indicator.UserAccount,
	"user-account:account_login":                      indicator.UserAccount,
	"autonomous-system:number":                        indicator.ASN,
	"vulnerability:name":                              indicator.Vulnerability,
	"network-traffic:dst_ref.value":                   "", // an address or a name
	"network-traffic:src_ref.value":                   "",
	"network-traffic:extensions.tls-ext.ja3":          indicator.JA3,
	"network-traffic:x_ja3":                           indicator.JA3,
	"network-traffic:x_ja4":                           indicator.JA4,
	"network-traffic:extensions.http-request-ext.request_header.User-Agent": indicator.UserAgent,
}

var hashPaths = map[string]map[string]indicator.Type{
	"file":             {"md5": indicator.MD5, "sha1": indicator.SHA1, "sha256": indicator.SHA256, "sha512": indicator.SHA512},
	"artifact":         {"md5": indicator.MD5, "sha1": indicator.SHA1, "sha256": indicator.SHA256, "sha512": indicator.SHA512},
	"x509-certificate": {"sha1": indicator.CertSHA1, "sha256": indicator.CertSHA256},
}

func pathValue(f stix.PathValue) (value, bool) {
	kind, ok := pathType(f.Path)
	if !ok {
		return value{}, false
	}
	if f.Op == stix.IsSubset && kind != indicator.IPv4 && kind != indicator.IPv6 && kind != "" {
		return value{}, false
	}
	raw := f.Value.Text
	if kind == indicator.ASN {
		_, err := strconv.ParseUint(raw, 10, 32)
		return value{kind, "AS" + raw}, err == nil
	}
	return value{kind, raw}, raw != "" && (f.Value.Kind == stix.String || f.Value.Kind == stix.Hex)
}

func pathType(p stix.Path) (indicator.Type, bool) {
	if len(p.Steps) == 2 && p.Steps[0].Name == "hashes" {
		algorithm := strings.ToLower(strings.ReplaceAll(p.Steps[1].Name, "-", ""))
		kind, ok := hashPaths[p.Object][algorithm]
		return kind, ok
	}
	var b strings.Builder
	b.WriteString(p.Object)
	for i, s := range p.Steps {
		if s.Name == "" {
			if s.Index != stix.AnyIndex {
				return "", false // which one is not known
			}
			b.WriteString("[*]")
			continue
		}
		b.WriteString([]string{":", "."}[min(i, 1)])
		b.WriteString(s.Name)
	}
	kind, ok := plainPaths[b.String()]
	return kind, ok
}

func shorten(s string) string {
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}
