package org

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// assetColumns are the names under which tables write the fields of an asset.
var assetColumns = map[string][]string{
	"id": {"id", "asset id", "asset tag", "ci"}, "name": {"name", "asset", "asset name", "display name", "device"}, "hostname": {"hostname", "host", "host name", "fqdn", "dns name", "computer", "hostnames"},
	"address": {"ip", "address", "ip address", "ipv4", "ip addresses", "addresses", "ipaddress"}, "criticality": {"criticality", "importance", "business criticality", "tier"},
	"owner": {"owner", "business owner", "responsible", "team"}, "exposed": {"exposed", "exposure", "internet facing", "internet-facing", "public"}, "data": {"data", "data class", "classification"},
	"services": {"services", "service", "business service", "application"}, "technologies": {"technologies", "products", "software", "os", "operating system"},
	"vendor": {"vendor", "manufacturer", "publisher"}, "product": {"product", "component", "package"}, "version": {"version", "product version"}, "cpe": {"cpe", "cpe23", "cpe 2.3"}, "purl": {"purl"},
}

// bands are the words that tables use for criticality.
var bands = map[string]Criticality{
	"negligible": Negligible, "none": Negligible, "lab": Negligible, "low": Low, "4": Low, "minor": Low, "normal": Normal, "medium": Normal, "moderate": Normal, "3": Normal, "standard": Normal,
	"high": High, "major": High, "2": High, "important": High, "crown-jewel": Crown, "crown jewel": Crown, "critical": Crown, "1": Crown, "mission critical": Crown, "very high": Crown,
}

func readAssetCSV(inv *Inventory, file []byte) error {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	for _, sep := range []rune{';', '\t'} {
		if bytes.ContainsRune(line, sep) && !bytes.ContainsRune(line, ',') {
			r.Comma = sep
		}
	}
	header, err := r.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(name, "_", " ")))
		for field, names := range assetColumns {
			if _, taken := at[field]; !taken && slices.Contains(names, name) {
				at[field] = i
			}
		}
	}
	_, named := at["name"]
	_, host := at["hostname"]
	_, addressed := at["address"]
	if !named && !host && !addressed {
		return fmt.Errorf("no column is called name, hostname or address; found: %s", strings.Join(header, ", "))
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		inv.addRow(row, at)
	}
}

func (inv *Inventory) addRow(row []string, at map[string]int) {
	get := func(field string) string {
		if i, ok := at[field]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	many := func(field string) (out []string) {
		for _, v := range strings.FieldsFunc(get(field), func(r rune) bool { return r == ';' || r == '|' || r == ',' || r == '\n' }) {
			if v = strings.TrimSpace(v); v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
		return out
	}
	a := Asset{ID: get("id"), Name: get("name"), Hostnames: many("hostname"), Owner: get("owner"), Services: many("services"), Technologies: many("technologies")}
	if p := cmp.Or(get("cpe"), get("purl"), get("product")); p != "" { // of a table with a row a product
		if p == get("product") {
			p = strings.Join(strings.Fields(get("vendor")+" "+p+" "+get("version")), " ")
		}
		a.Technologies = append(a.Technologies, p)
	}
	for _, addr := range many("address") {
		if _, err := prefix(addr); err != nil {
			inv.skip("bad-address")
			continue
		}
		a.Addresses = append(a.Addresses, addr)
	}
	if a.Name == "" {
		a.Name = first(append(slices.Clone(a.Hostnames), a.Addresses...))
	}
	if a.Name == "" || inv.full() {
		inv.skip("no-name")
		return
	}
	if a.ID == "" {
		a.ID = slug(a.Name)
	}
	if word := strings.ToLower(get("criticality")); word != "" {
		if a.Criticality = bands[word]; a.Criticality == "" {
			inv.skip("unknown-criticality")
		}
	}
	if word := DataClass(strings.ToLower(get("data"))); word == InternalData || word == CustomerData || word == Regulated {
		a.Data = word
	}
	switch strings.ToLower(get("exposed")) {
	case "yes", "true", "1", "y", "x", "public", "exposed", "internet", "internet-facing", "external":
		a.Exposed = true
	}
	inv.Assets = append(inv.Assets, a)
}

// adminGroups are the groups whose members may do everything (Active Directory).
var adminGroups = []string{"cn=domain admins,", "cn=enterprise admins,", "cn=schema admins,", "cn=administrators,", "cn=account operators,", "cn=backup operators,", "cn=dnsadmins,"}

// readLDIF reads a directory export (RFC 2849): computers become assets, users people.
func readLDIF(inv *Inventory, file []byte) error {
	entry := map[string][]string{}
	in := bufio.NewScanner(bytes.NewReader(file))
	in.Buffer(nil, 4<<20)
	var line string
	flush := func() error {
		defer func() { line = "" }()
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "version:") {
			return nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("line %.60q is no attribute", line)
		}
		if coded, ok := strings.CutPrefix(value, ":"); ok {
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(coded))
			if err != nil {
				return fmt.Errorf("the value of %s is not base64", name)
			}
			value = string(raw)
		}
		name, _, _ = strings.Cut(strings.ToLower(name), ";")
		entry[name] = append(entry[name], strings.TrimSpace(value))
		return nil
	}
	for in.Scan() {
		next := strings.TrimSuffix(in.Text(), "\r")
		if folded, ok := strings.CutPrefix(next, " "); ok && line != "" {
			line += folded
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if next == "" {
			inv.addEntry(entry)
			entry = map[string][]string{}
		}
		line = next
	}
	if err := errors.Join(in.Err(), flush()); err != nil {
		return err
	}
	inv.addEntry(entry)
	return nil
}

func (inv *Inventory) addEntry(e map[string][]string) {
	get := func(names ...string) string {
		for _, n := range names {
			if len(e[n]) > 0 && e[n][0] != "" {
				return e[n][0]
			}
		}
		return ""
	}
	is := func(class string) bool { return containsFold(e["objectclass"], class) }
	switch {
	case len(e) == 0:
	case inv.full():
		inv.skip("too-many")
	case is("computer"):
		name := strings.ToLower(get("dnshostname", "cn", "name"))
		if name == "" {
			inv.skip("no-name")
			return
		}
		a := Asset{ID: slug(name), Name: name, Hostnames: []string{name}, Owner: get("managedby")}
		if os := get("operatingsystem"); os != "" {
			a.Technologies = []string{strings.TrimSpace(os)}
		}
		inv.Assets = append(inv.Assets, a)
	case is("user"), is("person"), is("inetorgperson"), is("posixaccount"):
		inv.addPerson(e, get)
	default:
		inv.skip("class:" + first(e["objectclass"]))
	}
}

func (inv *Inventory) addPerson(e map[string][]string, get func(...string) string) {
	p := Person{Name: get("displayname", "cn", "name"), Role: get("title", "description")}
	for _, n := range []string{"samaccountname", "uid", "userprincipalname"} {
		p.Accounts = append(p.Accounts, e[n]...)
	}
	for _, m := range e["mail"] {
		p.Emails = append(p.Emails, strings.ToLower(m))
	}
	for _, m := range e["proxyaddresses"] {
		if addr, ok := strings.CutPrefix(strings.ToLower(m), "smtp:"); ok && !slices.Contains(p.Emails, addr) {
			p.Emails = append(p.Emails, addr)
		}
	}
	if len(p.Accounts)+len(p.Emails) == 0 {
		inv.skip("no-account")
		return
	}
	if p.Name == "" {
		p.Name = first(append(slices.Clone(p.Accounts), p.Emails...))
	}
	p.Privileged = slices.Contains(e["admincount"], "1") || slices.ContainsFunc(e["memberof"], func(group string) bool {
		return slices.ContainsFunc(adminGroups, func(g string) bool { return strings.HasPrefix(strings.ToLower(group), g) })
	})
	p.PasswordChanged = passwordChanged(e)
	inv.People = append(inv.People, p)
}
