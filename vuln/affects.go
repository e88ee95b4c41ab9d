package vuln

import (
	"fmt"
	"strings"
)

// Answer is whether a product is affected.
type Answer string

// The answers, and that a record does not speak of the product at all.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
	Silent  Answer = ""
)

// Affects says whether a product has the vulnerability, and why it says so. Silent
// means that neither the record nor the catalogue names the product.
func Affects(r Record, p Product) (Answer, string) {
	if r.Rejected {
		return Silent, ""
	}
	p = completed(p)
	answer, why := Silent, ""
	for _, a := range r.Affected {
		by := identifies(a, p)
		if by == "" {
			continue
		}
		said, because := a.covers(p.Version)
		if by == byName && said == Yes {
			said, because = Unknown, because+", but only the name fits: the vendor is not known"
		}
		switch {
		case answer == Silent:
			answer, why = said, because
		case answer == said || said == Unknown && answer != Unknown:
		case answer == Unknown:
			answer, why = said, because
		default:
			return Unknown, "the sources differ: " + why + "; " + because
		}
	}
	if answer == Silent && r.KEV != nil && len(r.Affected) == 0 {
		if same(r.KEV.Vendor, p.Vendor) && same(r.KEV.Product, p.Name) {
			return Unknown, "the catalogue of exploited vulnerabilities names " + r.KEV.Vendor + " " + r.KEV.Product + ", without versions"
		}
	}
	return answer, why
}

// completed fills a product from its CPE and purl.
func completed(p Product) Product {
	if c, ok := ParseCPE(p.CPE); ok {
		if p.Vendor == "" || p.Name == "" {
			p.Vendor, p.Name = c.Vendor, c.Product
		}
		if p.Version == "" {
			p.Version = c.Version
		}
	}
	if p.PURL != "" {
		name, v := packageOf(p.PURL)
		if p.PURL = name; p.Version == "" {
			p.Version = v
		}
	}
	return p
}

// How a product was found to be the one of a record.
const (
	byCPE     = "cpe"
	byPackage = "package"
	byVendor  = "vendor and product"
	byName    = "name"
)

func same(a, b string) bool { return a != "" && fold(a) == fold(b) }

// identifies says by what an entry is about the product; "" = it is not.
func identifies(a Affected, p Product) string {
	mine, isCPE := ParseCPE(p.CPE)
	if isCPE {
		for _, s := range a.CPEs {
			if c, ok := ParseCPE(s); ok && c.Part == mine.Part && c.Vendor == mine.Vendor && c.Product == mine.Product {
				return byCPE
			}
		}
	}
	if p.PURL != "" && a.Package != "" {
		if a.Package == p.PURL {
			return byPackage
		}
		return ""
	}
	if !same(a.Product, p.Name) || fold(a.Product) == "na" {
		return ""
	}
	switch {
	case p.PURL != "" && !isCPE:
		return "" // a package of a name is not a product of that name
	case p.Vendor == "":
		return byName
	case same(a.Vendor, p.Vendor), a.Vendor != "" && strings.HasPrefix(fold(a.Vendor), fold(p.Vendor)), a.Vendor != "" && strings.HasPrefix(fold(p.Vendor), fold(a.Vendor)):
		return byVendor
	}
	return ""
}

// covers says what the entry says of a version.
func (a Affected) covers(version string) (Answer, string) {
	name := strings.TrimSpace(a.Vendor + " " + a.Product)
	if len(a.Ranges) == 0 {
		switch a.Default {
		case "affected":
			return Yes, "all versions of " + name + " are affected"
		case "unaffected":
			return No, name + " is not affected"
		}
		return Unknown, "the record says nothing of versions of " + name
	}
	if version == "" {
		return Unknown, "the version in use of " + name + " is not known"
	}
	doubt := ""
	for _, r := range a.Ranges {
		in, sure := r.holds(version)
		if !sure {
			doubt = fmt.Sprintf("version %s of %s cannot be compared with %s", version, name, r)
			continue
		}
		if !in {
			continue
		}
		return answerOf(r.at(version)), fmt.Sprintf("version %s of %s is in %s, which is %s", version, name, r, r.at(version))
	}
	if doubt != "" {
		return Unknown, doubt
	}
	return answerOf(a.Default), fmt.Sprintf("version %s of %s is in no listed range; what is not listed is %s", version, name, orUnknown(a.Default))
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func answerOf(status string) Answer {
	switch status {
	case "affected":
		return Yes
	case "unaffected":
		return No
	}
	return Unknown
}

// String is the range as people write it.
func (r Version) String() string {
	switch {
	case r.Below != "":
		return "[" + r.From + ", " + r.Below + ")"
	case r.To != "":
		return "[" + r.From + ", " + r.To + "]"
	}
	return r.From
}

// holds tells whether a version is in the range; sure is false when that cannot be told.
func (r Version) holds(v string) (in, sure bool) {
	if r.Below == "" && r.To == "" {
		switch r.From {
		case "*", "all", "0":
			return true, r.From != "0" || r.Type != ""
		case "", "-", "n/a", "unspecified", "unknown":
			return false, false
		}
		if strings.EqualFold(r.From, v) {
			return true, true
		}
		c, ok := CompareVersions(r.From, v)
		return ok && c == 0, ok
	}
	if r.Type == "git" {
		return false, false
	}
	switch r.From {
	case "", "0", "*", "unspecified", "-":
	default:
		c, ok := CompareVersions(v, r.From)
		if !ok || c < 0 {
			return false, ok
		}
	}
	bound, strict := r.Below, true
	if bound == "" {
		bound, strict = r.To, false
	}
	if bound == "*" {
		return true, true
	}
	if series, wild := strings.CutSuffix(bound, ".*"); wild { // 2.* is the whole 2 series
		c, ok := CompareVersions(v, series)
		return ok && (c < 0 || strings.HasPrefix(v+".", series+".")), ok
	}
	c, ok := CompareVersions(v, bound)
	return ok && (c < 0 || c == 0 && !strict), ok
}

// at is the status at a version in the range, after what changes within it.
func (r Version) at(v string) string {
	status := r.Status
	for _, c := range r.Changes {
		if order, ok := CompareVersions(c.At, v); ok && order <= 0 {
			status = c.Status
		}
	}
	return status
}
