package org_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/realdata"
)

func TestReadInventory(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want org.Inventory
	}{
		"csv": {
			"Asset Name;FQDN;IP Address;Importance;Owner;Internet-facing;OS\nERP;erp.corp.example;10.0.0.5,10.0.0.6;critical;finance;no;Debian 12\n;www.corp.example;203.0.113.80;weird;;yes;\n;;;;;;\nbad;;10.0.0.999;low;;;\n",
			org.Inventory{Kind: "csv", Assets: []org.Asset{
				{ID: "erp", Name: "ERP", Hostnames: []string{"erp.corp.example"}, Addresses: []string{"10.0.0.5", "10.0.0.6"}, Criticality: org.Crown, Owner: "finance", Technologies: []string{"Debian 12"}},
				{ID: "www.corp.example", Name: "www.corp.example", Hostnames: []string{"www.corp.example"}, Addresses: []string{"203.0.113.80"}, Exposed: true},
				{ID: "bad", Name: "bad", Criticality: org.Low},
			}, Skipped: map[string]int{"no-name": 1, "unknown-criticality": 1, "bad-address": 1}},
		},
		"nmap": {
			`<?xml version="1.0"?><nmaprun scanner="nmap"><host><status state="up"/><address addr="10.0.0.7" addrtype="ipv4"/><address addr="00:11" addrtype="mac"/><hostnames><hostname name="Web.corp.example" type="PTR"/></hostnames>
<ports><port><state state="open"/><service product="nginx" version="1.22"><cpe>cpe:/a:nginx:nginx:1.22</cpe></service></port><port><state state="closed"/><service product="x"/></port></ports></host><host><status state="down"/></host></nmaprun>`,
			org.Inventory{
				Kind: "nmap", Assets: []org.Asset{{ID: "web.corp.example", Name: "web.corp.example", Hostnames: []string{"web.corp.example"}, Addresses: []string{"10.0.0.7"}, Technologies: []string{"nginx"}}},
				Technologies: []org.Technology{{Name: "nginx", Version: "1.22", CPE: "cpe:/a:nginx:nginx:1.22"}}, Skipped: map[string]int{"down": 1},
			},
		},
		"cyclonedx": {
			`{"bomFormat":"CycloneDX","components":[{"name":"log4j-core","group":"org.apache.logging.log4j","version":"2.14.1","purl":"pkg:maven/x@2.14.1","components":[{"name":"inner"}]},{"version":"1"}]}`,
			org.Inventory{Kind: "cyclonedx", Technologies: []org.Technology{{Name: "log4j-core", Vendor: "org.apache.logging.log4j", Version: "2.14.1", PURL: "pkg:maven/x@2.14.1"}, {Name: "inner"}}, Skipped: map[string]int{"no-name": 1}},
		},
		"spdx": {
			`{"spdxVersion":"SPDX-2.3","packages":[{"name":"openssl","versionInfo":"3.0.1","supplier":"Organization: OpenSSL","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:deb/openssl@3.0.1"},{"referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:openssl:openssl:3.0.1"}]}]}`,
			org.Inventory{Kind: "spdx", Technologies: []org.Technology{{Name: "openssl", Vendor: "OpenSSL", Version: "3.0.1", PURL: "pkg:deb/openssl@3.0.1", CPE: "cpe:2.3:a:openssl:openssl:3.0.1"}}},
		},
		"ldif": {
			"version: 1\n\ndn: CN=Ana,DC=corp\nobjectClass: top\nobjectClass: user\ncn:: QW5hIELDtmhs\nsAMAccountName: ana\nmail: Ana@corp.example\nproxyAddresses: smtp:a.boehl@corp.example\nmemberOf: CN=Domain Admins,CN=Users,DC=corp,DC=exa\n mple\ntitle: Administrator\n\n# a comment\ndn: CN=SRV1\nobjectClass: computer\ndNSHostName: SRV1.corp.example\noperatingSystem: Windows Server 2022\n\ndn: OU=x\nobjectClass: organizationalUnit\n",
			org.Inventory{
				Kind: "ldif", People: []org.Person{{Name: "Ana Böhl", Role: "Administrator", Accounts: []string{"ana"}, Emails: []string{"ana@corp.example", "a.boehl@corp.example"}, Privileged: true}},
				Assets: []org.Asset{{ID: "srv1.corp.example", Name: "srv1.corp.example", Hostnames: []string{"srv1.corp.example"}, Technologies: []string{"Windows Server 2022"}}}, Skipped: map[string]int{"class:organizationalUnit": 1},
			},
		},
	} {
		got, err := org.ReadInventory(name, strings.NewReader(tt.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	for name, file := range map[string]string{"profile": "name: x\n", "html": "<html>", "json": "{}", "empty": ""} {
		if _, err := org.ReadInventory(name, strings.NewReader(file)); errs.CodeOf(err) != "inventory_unknown" {
			t.Errorf("%s: %v, want inventory_unknown", name, err)
		}
	}
	for name, file := range map[string]string{"csv without a name": "a,b\n1,2\n", "ldif": "dn: x\nobjectClass:: %%%\n", "nmap": "<nmaprun><host>", "cyclonedx": `{"bomFormat":"CycloneDX",`} {
		if _, err := org.ReadInventory(name, strings.NewReader(file)); errs.CodeOf(err) != "inventory_invalid" || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want an error that names it", name, err)
		}
	}
}

// TestRealInventories reads what real scanners and generators wrote.
func TestRealInventories(t *testing.T) {
	for _, tt := range []struct {
		file                 string
		kind                 string
		assets, technologies int
	}{
		{"nmap/nmap_script_vulners.xml", "nmap", 1, 1}, {"nmap/nmap_0port.xml", "nmap", 1, 0}, {"cyclonedx/cyclonedx_bom.xml", "cyclonedx", 0, 1}, {"cyclonedx/jake2.json", "cyclonedx", 0, 1},
	} {
		f, err := os.Open(filepath.Join(realdata.Path(t, "scans-defectdojo"), filepath.FromSlash(tt.file)))
		if err != nil {
			t.Fatal(err)
		}
		inv, err := org.ReadInventory(tt.file, f)
		_ = f.Close()
		if err != nil || inv.Kind != tt.kind || len(inv.Assets) < tt.assets || len(inv.Technologies) < tt.technologies {
			t.Errorf("%s: %s, %d assets, %d products, %v", tt.file, inv.Kind, len(inv.Assets), len(inv.Technologies), err)
		}
	}
}

func FuzzReadInventory(f *testing.F) {
	for _, s := range []string{"name,ip\na,10.0.0.1\n", "dn: x\nobjectClass: user\nuid: a\n", `<nmaprun><host><status state="up"/></host></nmaprun>`, `{"bomFormat":"CycloneDX","components":[{"name":"a"}]}`, `{"spdxVersion":"x","packages":[{}]}`, awsSnapshot, azureGraph, gcpExport} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		inv, err := org.ReadInventory("x", strings.NewReader(s))
		if err == nil && inv.Kind == "" {
			t.Errorf("%q: no kind", s)
		}
		for _, a := range inv.Assets {
			if a.Name == "" {
				t.Errorf("%q: an asset without a name", s)
			}
		}
	})
}
