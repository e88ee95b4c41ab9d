package web

import "time"

// RenderZero renders every page from its zero value, for a test, and returns the
// error of each by the name of its template.
func RenderZero() map[string]error {
	set := parsePages(time.Now)
	all := []page{
		errorPage{},
		signInPage{},
		setUpPage{},
		queuePage{},
		queuePage{Detail: &incidentDetail{}, Alone: true},
		queuePage{Start: []startStep{{}}},
		eventPage{},
		indicatorPage{},
		searchPage{},
		importPage{},
		entityPage{},
		feedsPage{},
		feedAuditPage{},
		feedPage{},
		blocksPage{},
		blockPage{},
		orgPage{},
		healthPage{},
		auditPage{},
		peoplePage{},
		rulesPage{},
		rulePage{},
		packPage{},
		huntPage{},
		huntPage{Asked: true, Events: []huntLine{{}}, Tables: []huntTable{{Lines: []huntRow{{Values: []pivotValue{{}}}}}}, Fields: []huntField{{Values: []pivotValue{{}}}}},
		savedPage{},
		reportsPage{},
		reportPage{},
	}
	out := map[string]error{}
	for _, p := range all {
		_, err := set.render(p.template(), "layout", chrome{Page: p, User: "u"})
		if out[p.template()] == nil {
			out[p.template()] = err
		}
	}
	return out
}

// PageNames lists the templates of pages.
func PageNames() []string {
	var out []string
	for name := range parsePages(time.Now).byName {
		out = append(out, name)
	}
	return out
}
