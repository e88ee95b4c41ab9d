package bench

import (
	"path"
	"strings"

	"github.com/vedette-soc/vedette/extract"
	"github.com/vedette-soc/vedette/indicator"
)

// caseTypes are the types of txt2stix that name observables here. Values under
// "Good" are to be found with the type; values under "Bad" are not to be found as
// what the file is about.
var caseTypes = map[string]indicator.Type{
	"generic_ipv4_address_only": indicator.IPv4, "generic_ipv4_address_cidr": indicator.IPv4, "generic_ipv4_address_port": indicator.IPv4Port,
	"generic_ipv6_address_only": indicator.IPv6, "generic_ipv6_address_cidr": indicator.IPv6, "generic_ipv6_address_port": indicator.IPv6Port,
	"generic_domain_name_only": indicator.Domain, "generic_domain_name_subdomain": indicator.Domain,
	"generic_url": indicator.URL, "generic_url_file": indicator.URL, "generic_url_path": indicator.URL, "generic_host_name_url": indicator.URL,
	"generic_host_name_file": indicator.URL, "generic_host_name_path": indicator.URL, "generic_email_address": indicator.Email, "generic_file_name": indicator.FileName,
	"generic_file_hash_md5": indicator.MD5, "generic_file_hash_sha_1": indicator.SHA1, "generic_file_hash_sha_256": indicator.SHA256, "generic_file_hash_sha_512": indicator.SHA512,
	"generic_mac_address": indicator.MAC, "generic_windows_registry_key": indicator.RegistryKey, "generic_user_agent": indicator.UserAgent,
	"generic_autonomous_system_number": indicator.ASN, "generic_cve_id": indicator.Vulnerability,
}

// cases are txt2stix's own test files. They are about spelling: an item that is
// shown with a reason counts as found.
func (r *runner) cases(files []File) {
	for _, f := range files {
		name := strings.TrimSuffix(base(f.Name), ".txt")
		t, ok := caseTypes[name]
		if !ok || path.Base(path.Dir(f.Name)) != "extraction_types" {
			continue
		}
		good, _, _ := strings.Cut(string(f.Data), "====Bad====")
		found := map[string]bool{}
		for _, it := range r.Engine.Extract(extract.Text{Body: string(f.Data)}) {
			if it.Kind == extract.Observable || it.Kind == extract.Vulnerability {
				found[it.Type+" "+it.Value] = true
			}
		}
		row := Row{Corpus: "txt2stix", Document: name, Kind: "observable"}
		for _, line := range strings.Split(good, "\n") {
			line = strings.TrimSpace(line)
			v, err := indicator.Canonical(t, line)
			if line == "" || strings.HasPrefix(line, "====") || err != nil {
				continue
			}
			row.Expected++
			if found[string(t)+" "+v] {
				row.Found++
			} else {
				row.Missed = append(row.Missed, line)
			}
		}
		r.add(row)
	}
}
