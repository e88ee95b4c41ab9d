package extract

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/vedette-soc/vedette/indicator"
	"github.com/vedette-soc/vedette/misp"
)

// owner is who published the report, as far as it shows.
type owner map[string]bool // registrable domains

// ownerOf learns the publisher's own domains: of the page's address, and where
// contact is said to be.
func ownerOf(t *Text, found []finding) owner {
	out := owner{}
	add := func(host string) {
		if d := indicator.RegistrableDomain(strings.ToLower(strings.TrimSuffix(host, "."))); d != "" {
			out[d] = true
		}
	}
	if u, err := url.Parse(t.Source); err == nil && u.Host != "" {
		add(u.Hostname())
	} else if t.Source != "" {
		add(t.Source[strings.LastIndexByte(t.Source, '@')+1:])
	}
	head := t.Body[:min(len(t.Body), 1200)]
	if m := headAddress.FindStringSubmatch(head); m != nil {
		if u, err := url.Parse(m[1]); err == nil {
			add(u.Hostname())
		}
	}
	for _, m := range contactAddress.FindAllStringSubmatch(t.Body, 20) {
		add(m[1])
	}
	return out
}

var (
	headAddress    = regexp.MustCompile(`(?im)^\s*(?:url|source|link|original|canonical|permalink)\s*[:=]\s*(https?://\S+)`)
	contactAddress = regexp.MustCompile(`(?i)\b(?:contact|e-?mail|reach|report|write|inquiries|questions|feedback|visit|learn more at|©|copyright)\b[^\n]{0,80}?[\w.+-]+@([\w-]+(?:\.[\w-]+)+)`)
)

// research are hosts that stand in reports for the reader's sake.
var research = set(`virustotal.com github.com githubusercontent.com gitlab.com gitbook.io twitter.com x.com t.co linkedin.com facebook.com youtube.com youtu.be medium.com reddit.com wikipedia.org
	wikimedia.org attack.mitre.org mitre.org cve.org nvd.nist.gov nist.gov cisa.gov us-cert.gov fbi.gov ic3.gov justice.gov treasury.gov europa.eu ncsc.gov.uk first.org misp-project.org oasis-open.org
	archive.org web.archive.org bleepingcomputer.com krebsonsecurity.com thehackernews.com securityweek.com darkreading.com zdnet.com wired.com arstechnica.com reuters.com bbc.com bbc.co.uk cnn.com
	nytimes.com washingtonpost.com theregister.com therecord.media cyberscoop.com vice.com forbes.com techcrunch.com bloomberg.com theguardian.com
	any.run app.any.run hybrid-analysis.com joesandbox.com urlscan.io abuse.ch malpedia.caad.fkie.fraunhofer.de fraunhofer.de shodan.io censys.io otx.alienvault.com alienvault.com triage.tria.ge tria.ge
	unpac.me vx-underground.org exploit-db.com packetstormsecurity.com zerodayinitiative.com stackoverflow.com docs.microsoft.com learn.microsoft.com microsoft.com msdn.microsoft.com technet.microsoft.com
	google.com apple.com adobe.com oracle.com wiki.osdev.org ietf.org w3.org openxmlformats.org xmlsoap.org purl.org schemas.microsoft.com python.org golang.org ghidra-sre.org
	welivesecurity.com eset.com esetstatic.com kaspersky.com securelist.com symantec.com broadcom.com trendmicro.com mcafee.com trellix.com sophos.com crowdstrike.com mandiant.com fireeye.com
	paloaltonetworks.com talosintelligence.com cisco.com checkpoint.com research.checkpoint.com fortinet.com fortiguard.com proofpoint.com zscaler.com sentinelone.com sentinelone.com malwarebytes.com
	cybereason.com rapid7.com secureworks.com recordedfuture.com group-ib.com f-secure.com withsecure.com bitdefender.com avast.com avg.com akamai.com cloudflare.com volexity.com dragos.com redcanary.com
	huntress.com elastic.co thedfirreport.com intel471.com lab52.io quointelligence.eu riskiq.net anomali.com threatconnect.com domaintools.com flashpoint.io esentire.com blackberry.com cylance.com
	trustwave.com bitsight.com qualys.com tenable.com snyk.io vmware.com carbonblack.com netskope.com mimecast.com cofense.com agari.com abnormalsecurity.com sekoia.io intezer.com reversinglabs.com
	uptycs.com lookout.com zimperium.com threatfabric.com cleafy.com ahnlab.com asec.ahnlab.com s2w.inc qianxin.com 360.cn nttdata.com nttsecurity.com jpcert.or.jp cert.pl cert.gov.ua cert.ssi.gouv.fr
	darktrace.com ironnet.com deepinstinct.com guardicore.com aquasec.com sysdig.com wiz.io orca.security lacework.com team-cymru.com spamhaus.org shadowserver.org spiderlabs.com wordfence.com sucuri.net
	hp.com ibm.com securityintelligence.com pwc.com pwc.co.uk deloitte.com accenture.com bluecoat.com clearskysec.com citizenlab.ca amnesty.org eff.org objective-see.com objective-see.org
	positive.technology ptsecurity.com drweb.com doctorweb.com g-data.com gdatasoftware.com yoroi.company cyble.com cyfirma.com seqrite.com quickheal.com k7computing.com threatpost.com virusbulletin.com blackhat.com defcon.org sans.org isc.sans.edu botconf.eu usenix.org acm.org arxiv.org`)

// suppress judges an observable by where it stands.
func (r *reading) suppress(it *Item) (Reason, string) {
	t := indicator.Type(it.Type)
	switch it.Role {
	case RoleBenign:
		if !isHash(it.Type) {
			return Harmless, ""
		}
	case RoleVictim:
		return VictimAsset, ""
	}
	if it.Zone == Labels && (t == indicator.Domain || t == indicator.FileName) && !it.Defanged {
		return DetectionName, ""
	}
	if why, detail := r.warned(t, it); why != "" {
		return why, detail
	}
	kind, host, ok := indicator.HostOf(t, it.Value)
	if !ok || kind != indicator.Domain {
		if ok && !it.Defanged && it.Role == RoleReference {
			return ReferenceLink, ""
		}
		return "", ""
	}
	return r.suppressName(it, t, host)
}

func (r *reading) suppressName(it *Item, t indicator.Type, host string) (Reason, string) {
	registered := indicator.RegistrableDomain(host)
	own := r.owner[registered]
	switch {
	case it.Defanged:
		return "", "" // nobody defangs what is to be read
	case own && t == indicator.Email:
		return Contact, registered
	case own:
		return OwnDomain, registered
	case research[host], research[registered]:
		return VendorLink, registered
	case it.Role == RoleReference, r.markedLink(it.Span):
		return ReferenceLink, ""
	case it.Zone == About:
		return Contact, ""
	}
	listed := it.Zone == Indicators || r.quoted(it.Span)
	if t == indicator.Email && contactWords.MatchString(it.Sentence) && !listed {
		return Contact, ""
	}
	if r.defangs && !listed && t != indicator.Email {
		return ReferenceLink, "the report defangs its indicators, but not this"
	}
	if t == indicator.Domain && !listed && it.Text[0] >= 'A' && it.Text[0] <= 'Z' && it.Text != strings.ToUpper(it.Text) {
		return ProductName, ""
	}
	return "", ""
}

var contactWords = regexp.MustCompile(`(?i)\b(contact|reach|report|write to|questions|inquir|feedback|subscribe|e-?mail us)\b`)

// warned asks the warning lists. What is only common counts where the report does
// not insist by defanging.
func (r *reading) warned(t indicator.Type, it *Item) (Reason, string) {
	w := r.engine.known.Warnings
	if w == nil {
		return "", ""
	}
	for _, h := range w.Match(t, it.Value) {
		if h.Action == misp.Suppress || h.Action == misp.Downgrade && !it.Defanged && (it.Zone != Indicators || r.defangs) {
			return WarningList, h.List + ": " + h.Entry
		}
	}
	return "", ""
}

// besideHash says whether a hash stands on the same line.
func (r *reading) besideHash(span [2]int) bool {
	from, to := nearLine(r.text.Body, span)
	for _, at := range hexForm.FindAllStringIndex(r.text.Body[from:to], -1) {
		if hashLength(at[1] - at[0]) {
			return true
		}
	}
	return false
}

// markedLink: Markdown's [text](address), AsciiDoc's address[text], HTML's href.
func (r *reading) markedLink(span [2]int) bool {
	s := r.text.Body
	if span[0] >= 2 && s[span[0]-1] == '(' && s[span[0]-2] == ']' {
		return true
	}
	for span[1] < len(s) && s[span[1]] == '/' {
		span[1]++
	}
	if span[1] < len(s) && s[span[1]] == '[' {
		return true
	}
	return span[0] >= 5 && (strings.HasSuffix(s[:span[0]], "link:") || strings.HasSuffix(s[:span[0]], "image:"))
}

// quoted says whether an item stands alone on its line, in a cell of a table, or in
// quotes as code does: there it is meant as a value.
func (r *reading) quoted(span [2]int) bool {
	s := r.text.Body
	from, to := nearLine(s, span)
	before := strings.Trim(s[from:span[0]], " \t-*•·|`'\"+‘“")
	after := ""
	if to > span[1] {
		after = strings.Trim(s[span[1]:to], " \t|`'\",;+’”")
	}
	if before == "" && after == "" {
		return true
	}
	return span[0] > 0 && span[1] < len(s) && strings.IndexByte("`|", s[span[0]-1]) >= 0 && strings.IndexByte("`|", s[span[1]]) >= 0
}
