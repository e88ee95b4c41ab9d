package web

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/org"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/landscape"
)

// setupStep is one question of the guided set-up.
type setupStep struct {
	Step  org.Step
	Title string
	Asks  string
	State string // what the profile says to it; "" = nothing yet
	Here  bool
	URL   string
}

// orgSetupPage is one step of the guided set-up, with what the answer changes.
type orgSetupPage struct {
	Steps    []setupStep
	Now      setupStep
	NextURL  string // of the step after it; "" = this is the last
	Profile  org.Profile
	Fields   map[string]string // as written
	Sectors  []sectorChoice
	Bands    []bandField
	Effects  []pipeline.Effect
	Of       string // what the effects are of
	Added    *org.Completion
	Problem  string
	Version  int
	Notice   string
	NoAnswer bool // the profile says nothing to any step
}

type sectorChoice struct {
	Key, Name string
	Chosen    bool
}

type bandField struct {
	Band        org.Criticality
	Least, Most string
}

func (orgSetupPage) template() string { return "org_setup" }
func (p orgSetupPage) title() string  { return "Set-up: " + p.Now.Title }

// setupSteps are the questions with what the profile says to each.
func setupSteps(p org.Profile, here org.Step) []setupStep {
	some := func(parts ...string) string {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" || strings.HasPrefix(s, "0 ") })
		return strings.Join(parts, ", ")
	}
	crown := 0
	for _, a := range p.Assets {
		if a.Criticality == org.Crown {
			crown++
		}
	}
	steps := []setupStep{
		{Step: org.Who, Title: "Who you are", Asks: "Your name, sectors and countries decide which of the known actors are yours.", State: some(p.Name, plural(len(p.Sectors), "sector"), plural(len(p.Countries), "country"))},
		{Step: org.Networks, Title: "Networks", Asks: "Your address ranges say which side of an event is yours.", State: some(plural(len(p.Networks), "network"))},
		{Step: org.Names, Title: "Domains and brands", Asks: "Your names never become indicators, and no block touches them.", State: some(plural(len(p.Domains), "domain"), plural(len(p.Brands), "brand"))},
		{Step: org.Assets, Title: "Crown jewels", Asks: "What the business cannot do without, and what else you have a list of.", State: some(plural(len(p.Assets), "asset"), plural(crown, "crown jewel"))},
		{Step: org.Products, Title: "Products", Asks: "What you run decides whether an exploit that was tried can work.", State: some(plural(len(p.Technologies), "product"))},
		{Step: org.People, Title: "People", Asks: "Whose accounts open everything, and who is a target for what they are.", State: some(plural(len(p.People), "account holder"))},
		{Step: org.Cost, Title: "What it costs", Asks: "What the loss of an asset of each band would cost; then the queue speaks in money.", State: map[bool]string{true: "in " + p.Money.Currency}[p.Money.Given()]},
	}
	for i := range steps {
		steps[i].Here, steps[i].URL = steps[i].Step == here, "/organisation/setup?step="+string(steps[i].Step)
	}
	return steps
}

// showOrgSetup shows the step that is asked for, or the first without an answer.
func (s *server) showOrgSetup(_ http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	x, version := s.cfg.Org.Edition()
	p := s.setupPage(x.Profile, org.Step(r.URL.Query().Get("step")))
	if p.Now.Step == "" {
		return nil, errs.New(errs.NotFound, "step_unknown", "The set-up has no such step.")
	}
	p.Version = version
	p.fill(x.Profile)
	step, was := p.Now.Step, x
	if saved := org.Step(r.URL.Query().Get("saved")); saved != "" && version > 0 {
		i := slices.IndexFunc(p.Steps, func(st setupStep) bool { return st.Step == saved })
		before, err := s.cfg.Org.At(r.Context(), version-1)
		if i < 0 || err != nil {
			return nil, cmp.Or(err, error(errs.New(errs.NotFound, "step_unknown", "The set-up has no such step.")))
		}
		step, was = saved, before
		p.Notice, p.Of = fmt.Sprintf("%s: saved, version %d of the profile.", p.Steps[i].Title, version), p.Steps[i].Title
	}
	var err error
	p.Effects, err = s.effects(r, step, was, x)
	return p, err
}

func (s *server) setupPage(profile org.Profile, here org.Step) orgSetupPage {
	steps := setupSteps(profile, here)
	at := slices.IndexFunc(steps, func(st setupStep) bool { return st.Here })
	if here == "" {
		at = max(0, slices.IndexFunc(steps, func(st setupStep) bool { return st.State == "" }))
		steps[at].Here = true
	}
	p := orgSetupPage{Steps: steps, Profile: profile, Fields: map[string]string{}, NoAnswer: !slices.ContainsFunc(steps, func(st setupStep) bool { return st.State != "" })}
	if at < 0 {
		return p
	}
	p.Now, p.Of = steps[at], steps[at].Title
	if at+1 < len(steps) {
		p.NextURL = steps[at+1].URL
	}
	return p
}

// fill puts what the profile says into the fields.
func (p *orgSetupPage) fill(profile org.Profile) {
	p.Fields["name"], p.Fields["countries"] = profile.Name, strings.Join(profile.Countries, ", ")
	p.Fields["domains"], p.Fields["currency"] = strings.Join(profile.Domains, "\n"), profile.Money.Currency
	var other []string
	chosen := map[string]bool{}
	for _, words := range profile.Sectors {
		if key, ok := landscape.SectorOf(words); ok {
			chosen[key] = true
		} else {
			other = append(other, words)
		}
	}
	p.Fields["sectors"] = strings.Join(other, ", ")
	p.choose(chosen)
	for _, b := range bands() {
		f := bandField{Band: b}
		if r, ok := profile.Money.Bands[b]; ok {
			f.Least, f.Most = strconv.FormatInt(r[0], 10), strconv.FormatInt(r[1], 10)
		}
		p.Bands = append(p.Bands, f)
	}
}

// choose lists the sectors, those chosen first.
func (p *orgSetupPage) choose(chosen map[string]bool) {
	for _, first := range []bool{true, false} {
		for _, key := range landscape.Sectors() {
			if chosen[key] == first {
				p.Sectors = append(p.Sectors, sectorChoice{key, landscape.SectorName(key), first})
			}
		}
	}
}

func bands() []org.Criticality {
	return []org.Criticality{org.Negligible, org.Low, org.Normal, org.High, org.Crown}
}

// postOrgSetup shows what an answer changes, or saves it and goes on.
func (s *server) postOrgSetup(w http.ResponseWriter, r *http.Request, _ visitor) (page, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxProfile)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return nil, errs.New(errs.Invalid, "upload_broken", "The answer could not be read; it may have at most 8 MiB.").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	x, version := s.cfg.Org.Edition()
	step := org.Step(r.PostFormValue("step"))
	p := s.setupPage(x.Profile, step)
	if p.Now.Step == "" || step == "" {
		return nil, errs.New(errs.NotFound, "step_unknown", "The set-up has no such step.")
	}
	p.Version = version
	p.written(r)
	wrong := func(err error) (page, error) {
		if p.Problem = errs.Public(err); r.Header.Get(partHeader) != "" {
			return p, nil // half an answer is no mistake yet
		}
		return p, err
	}
	answer, err := readAnswer(r, x.Profile)
	if err != nil {
		return wrong(err)
	}
	save := r.PostFormValue("do") == "save"
	is, added, err := s.cfg.Org.Answer(r.Context(), step, answer, !save)
	if err != nil {
		if errs.KindOf(err) == errs.Internal {
			return nil, err
		}
		return wrong(err)
	}
	if save {
		next := cmp.Or(p.NextURL, "/organisation/setup?step="+string(step))
		if _, now := s.cfg.Org.Edition(); now != version {
			next += "&saved=" + string(step)
		}
		return see(w, r, next)
	}
	p.Added = &added
	p.Effects, err = s.effects(r, step, x, is)
	return p, err
}

// written keeps what was written into the fields.
func (p *orgSetupPage) written(r *http.Request) {
	for _, name := range []string{"name", "countries", "sectors", "domains", "brands", "networks", "jewels", "table", "products", "privileged", "vip", "currency"} {
		p.Fields[name] = r.PostFormValue(name)
	}
	chosen := map[string]bool{}
	for _, key := range r.PostForm["sector"] {
		chosen[key] = true
	}
	p.choose(chosen)
	for _, b := range bands() {
		p.Bands = append(p.Bands, bandField{b, r.PostFormValue("least-" + string(b)), r.PostFormValue("most-" + string(b))})
	}
}

// readAnswer takes an answer from a form. The profile keeps its own words for sectors
// that stay chosen.
func readAnswer(r *http.Request, have org.Profile) (org.Answer, error) {
	a := org.Answer{
		Name: r.PostFormValue("name"), Countries: r.PostFormValue("countries"), Domains: r.PostFormValue("domains"), Brands: r.PostFormValue("brands"),
		Networks: r.PostFormValue("networks"), Jewels: r.PostFormValue("jewels"), Products: r.PostFormValue("products"),
		Privileged: r.PostFormValue("privileged"), VIP: r.PostFormValue("vip"), Currency: r.PostFormValue("currency"), Bands: map[org.Criticality][2]string{},
	}
	chosen := slices.Clone(r.PostForm["sector"])
	var sectors []string
	for _, words := range have.Sectors {
		if key, ok := landscape.SectorOf(words); ok && slices.Contains(chosen, key) {
			sectors = append(sectors, words)
			chosen = slices.DeleteFunc(chosen, func(c string) bool { return c == key })
		}
	}
	for _, key := range chosen {
		sectors = append(sectors, landscape.SectorName(key))
	}
	a.Sectors = strings.Join(append(sectors, r.PostFormValue("sectors")), ", ")
	for _, b := range bands() {
		a.Bands[b] = [2]string{r.PostFormValue("least-" + string(b)), r.PostFormValue("most-" + string(b))}
	}
	name, from := "the table", io.Reader(nil)
	if file, header, err := r.FormFile("file"); err == nil && header.Size > 0 {
		defer func() { _ = file.Close() }()
		name, from = header.Filename, file
	} else if table := r.PostFormValue("table"); strings.TrimSpace(table) != "" {
		from = strings.NewReader(table)
	}
	if from == nil {
		return a, nil
	}
	inv, err := org.ReadInventory(name, from)
	a.Inventory = &inv
	return a, err
}

// effects says what a step changes; what it costs is a matter of how it is written.
func (s *server) effects(r *http.Request, step org.Step, was, is *org.Index) ([]pipeline.Effect, error) {
	if step != org.Cost {
		return s.cfg.Setup.Effects(r.Context(), step, was, is)
	}
	if !is.Profile.Money.Given() {
		return []pipeline.Effect{{Text: "without bands nothing is said in money, and nothing is missing: the ranking does not need it"}}, nil
	}
	list, next, err := s.cfg.Alerts.Queue(r.Context(), alert.QueueQuery{State: alert.Open, Limit: 1000})
	if err != nil {
		return nil, err
	}
	what := "open incidents put this at stake, all taken together: "
	if next != "" {
		what = "open incidents, the most urgent, put this at stake, all taken together: "
	}
	from, to := 0.0, 0.0
	for _, in := range list {
		if l, ok := lossIn(is.Profile.Money, in.Assessment); ok {
			from, to = from+l.From, to+l.To
		}
	}
	out := []pipeline.Effect{{Counted: true, Count: len(list), Text: what + is.Profile.Money.Currency + " " + amounts(from, to), URL: "/"}}
	for _, in := range list[:min(len(list), 3)] {
		if l, ok := lossIn(is.Profile.Money, in.Assessment); ok {
			out = append(out, pipeline.Effect{Text: fmt.Sprintf("incident %d, %s: %s %s", in.Number, brief(in.Title), is.Profile.Money.Currency, amounts(l.From, l.To)), URL: "/incidents/" + in.ID})
		}
	}
	return out, nil
}
