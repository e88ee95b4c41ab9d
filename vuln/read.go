package vuln

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Bounds of what one record may hold.
const (
	maxAffected = 2000
	maxRanges   = 5000
	maxKEV      = 64 << 20
)

type cveContainer struct {
	Title    string `json:"title"`
	Affected []struct {
		Vendor, Product            string
		CollectionURL, PackageName string
		PackageURL                 string
		CPEs                       []string `json:"cpes"`
		DefaultStatus              string   `json:"defaultStatus"`
		Versions                   []struct {
			Version, Status, VersionType, LessThan, LessThanOrEqual string
			Changes                                                 []Change
		}
	}
	Metrics []map[string]json.RawMessage
}

// ReadRecord reads a CVE record of version 5.
func ReadRecord(raw []byte) (Record, error) {
	var doc struct {
		DataType    string `json:"dataType"`
		CveMetadata struct{ CveID, State string }
		Containers  struct {
			CNA cveContainer   `json:"cna"`
			ADP []cveContainer `json:"adp"`
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return Record{}, fmt.Errorf("no CVE record: %w", err)
	}
	id, ok := Canonical(doc.CveMetadata.CveID)
	if !ok {
		return Record{}, errors.New("no CVE record: cveMetadata.cveId is missing")
	}
	r := Record{CVE: id, Title: doc.Containers.CNA.Title, Rejected: doc.CveMetadata.State == "REJECTED"}
	for _, c := range append([]cveContainer{doc.Containers.CNA}, doc.Containers.ADP...) {
		r.contain(c)
	}
	return r, nil
}

func (r *Record) contain(c cveContainer) {
	ranges := 0
	for _, a := range c.Affected {
		if len(r.Affected) >= maxAffected {
			break
		}
		entry := Affected{Vendor: known(a.Vendor), Product: known(a.Product), CPEs: a.CPEs, Default: a.DefaultStatus}
		entry.Package, _ = packageOf(a.PackageURL)
		for _, v := range a.Versions {
			if ranges++; ranges > maxRanges {
				break
			}
			entry.Ranges = append(entry.Ranges, spelled(Version{From: v.Version, Below: v.LessThan, To: v.LessThanOrEqual, Status: v.Status, Type: v.VersionType, Changes: v.Changes}))
		}
		if entry.Product == "" && len(entry.CPEs) == 0 && entry.Package == "" {
			continue // "n/a"
		}
		r.Affected = append(r.Affected, entry)
	}
	for _, m := range c.Metrics {
		for key, raw := range m {
			switch {
			case strings.HasPrefix(key, "cvss"):
				var s struct{ BaseScore float64 }
				if json.Unmarshal(raw, &s) == nil && s.BaseScore <= 10 {
					r.CVSS = max(r.CVSS, s.BaseScore)
				}
			case key == "other":
				r.other(raw)
			}
		}
	}
}

// other reads CISA's answers.
func (r *Record) other(raw []byte) {
	var o struct {
		Type    string
		Content struct {
			Options   []map[string]string
			DateAdded string
		}
	}
	if json.Unmarshal(raw, &o) != nil || o.Type != "ssvc" {
		return
	}
	for _, option := range o.Content.Options {
		for k, v := range option {
			v = strings.ToLower(v)
			switch k {
			case "Exploitation":
				r.SSVC.Exploitation = v
			case "Automatable":
				r.SSVC.Automatable = v
			case "Technical Impact":
				r.SSVC.Impact = v
			}
		}
	}
}

func known(s string) string {
	switch strings.ToLower(s) {
	case "n/a", "na", "unknown", "-", "*":
		return ""
	}
	return s
}

// spelled understands ranges that are written into the version: "< 4.4", "<= 1.2",
// ">= 3.0, < 3.4", "before 2.1".
func spelled(v Version) Version {
	if v.Below != "" || v.To != "" {
		return v
	}
	for _, p := range strings.Split(v.From, ",") {
		p = strings.TrimSpace(p)
		low := strings.ToLower(p)
		switch {
		case strings.HasPrefix(p, "<="):
			v.To = strings.TrimSpace(p[2:])
		case strings.HasPrefix(p, "<"):
			v.Below = strings.TrimSpace(p[1:])
		case strings.HasPrefix(low, "before "):
			v.Below = strings.TrimSpace(p[len("before "):])
		case strings.HasPrefix(low, "prior to "):
			v.Below = strings.TrimSpace(p[len("prior to "):])
		case strings.HasPrefix(p, ">="):
			v.From = strings.TrimSpace(p[2:])
		}
	}
	if (v.Below != "" || v.To != "") && strings.ContainsAny(v.From, "< ") {
		v.From = "0"
	}
	return v
}

// kevEntry is a line of CISA's catalogue, in JSON.
type kevEntry struct {
	CveID, VendorProject, Product, VulnerabilityName, DateAdded, DueDate, KnownRansomwareCampaignUse string
}

func (e kevEntry) record() (Record, error) {
	id, ok := Canonical(e.CveID)
	if !ok {
		return Record{}, fmt.Errorf("%.40q is no CVE id", e.CveID)
	}
	return Record{CVE: id, KEV: &KEV{
		Vendor: strings.TrimSpace(e.VendorProject), Product: strings.TrimSpace(e.Product), Name: strings.TrimSpace(e.VulnerabilityName), Added: day(e.DateAdded), Due: day(e.DueDate),
		Ransomware: strings.EqualFold(e.KnownRansomwareCampaignUse, "known"),
	}}, nil
}

func day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s) // the zero time where it is none
	return t
}

// ReadKEV reads CISA's catalogue, as JSON or CSV, and passes on each entry, or why
// there is none.
func ReadKEV(in io.Reader, out func(line int, r Record, err error) error) error {
	buf := bufio.NewReaderSize(io.LimitReader(in, maxKEV+1), 64<<10)
	head, _ := buf.Peek(64)
	if strings.HasPrefix(strings.TrimLeft(string(head), "\ufeff \t\r\n"), "{") {
		var doc struct{ Vulnerabilities []kevEntry }
		if err := json.NewDecoder(buf).Decode(&doc); err != nil {
			return fmt.Errorf("no catalogue of known exploited vulnerabilities: %w", err)
		}
		for i, e := range doc.Vulnerabilities {
			r, err := e.record()
			if err := out(i+1, r, err); err != nil {
				return err
			}
		}
		return nil
	}
	return table(buf, "cveID", func(line int, cell func(string) string) error {
		r, err := kevEntry{cell("cveid"), cell("vendorproject"), cell("product"), cell("vulnerabilityname"), cell("dateadded"), cell("duedate"), cell("knownransomwarecampaignuse")}.record()
		return out(line, r, err)
	})
}

// ReadEPSS reads the scores of FIRST: a comment with the model, a heading, a line each.
func ReadEPSS(in io.Reader, out func(line int, r Record, err error) error) error {
	buf := bufio.NewReaderSize(in, 64<<10)
	model := ""
	if head, _ := buf.Peek(1); len(head) == 1 && head[0] == '#' {
		line, err := buf.ReadString('\n')
		if err != nil || len(line) > 4096 {
			return errors.New("no EPSS scores: the first line is a comment and nothing follows")
		}
		_, rest, _ := strings.Cut(line, "model_version:")
		model, _, _ = strings.Cut(strings.TrimSpace(rest), ",")
	}
	return table(buf, "cve", func(line int, cell func(string) string) error {
		score, err := strconv.ParseFloat(cell("epss"), 64)
		id, ok := Canonical(cell("cve"))
		percentile, err2 := strconv.ParseFloat(cell("percentile"), 64)
		if err != nil || err2 != nil || !ok || !(score >= 0 && score <= 1) || !(percentile >= 0 && percentile <= 1) {
			return out(line, Record{}, fmt.Errorf("no CVE id with two numbers between 0 and 1: %.40q", cell("cve")))
		}
		return out(line, Record{CVE: id, EPSS: &EPSS{score, percentile, model}}, nil)
	})
}

// table reads a CSV file with a heading that must have a column.
func table(in io.Reader, must string, row func(line int, cell func(string) string) error) error {
	r := csv.NewReader(in)
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("no table with the column %s: %w", must, err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[strings.ToLower(strings.Trim(h, "\ufeff "))] = i
	}
	if _, ok := at[strings.ToLower(must)]; !ok {
		return fmt.Errorf("no table with the column %s", must)
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the table: %w", err)
		}
		line, _ := r.FieldPos(0)
		cell := func(name string) string {
			i, ok := at[name]
			if !ok || i >= len(cells) {
				return ""
			}
			return strings.TrimSpace(cells[i])
		}
		if err := row(line, cell); err != nil {
			return err
		}
	}
}
