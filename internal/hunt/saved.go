package hunt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
)

// Saved is a hunt that is kept: a question, why it is asked, and what came of it.
type Saved struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Query      string    `json:"query"`
	Hypothesis string    `json:"hypothesis"`          // what would be true if it finds something
	Technique  string    `json:"technique,omitempty"` // ATT&CK id
	Days       int       `json:"days"`                // how far it looks back
	Hours      int       `json:"hours,omitempty"`     // asked again after; 0 = only by hand
	By         string    `json:"by"`
	Created    time.Time `json:"created,omitzero"`
	Outcomes   []Outcome `json:"outcomes,omitempty"` // the newest first
}

// Verdict of a hunt.
type Verdict string

// The verdicts.
const (
	Was        Verdict = "found"
	WasNot     Verdict = "not found"
	NotVisible Verdict = "not visible" // there is no log in which it would show
)

// Outcome is what came of one run.
type Outcome struct {
	Time    time.Time `json:"time"`
	By      string    `json:"by"`
	Verdict Verdict   `json:"verdict"`
	Why     string    `json:"why,omitempty"`
	Matched int       `json:"matched"`
	Looked  int       `json:"looked"`
	Events  []string  `json:"events,omitempty"` // the newest
}

const (
	outcomesKept = 50
	eventsKept   = 20
	// savedMost and listsMost bound what is kept; listMost the values of a list.
	savedMost = 1000
	listsMost = 1000
	listMost  = 100_000
	// runBudget is how long a saved hunt may take.
	runBudget = 10 * time.Minute
)

// Save keeps a hunt, new when it has no id.
func (s *Service) Save(ctx context.Context, h Saved) (Saved, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Saved{}, err
	}
	h.Name, h.Query, h.Hypothesis = strings.TrimSpace(h.Name), strings.TrimSpace(h.Query), strings.TrimSpace(h.Hypothesis)
	switch {
	case h.Name == "" || len(h.Name) > 200:
		return Saved{}, errs.New(errs.Invalid, "hunt_name", "A hunt has a name of at most 200 characters.")
	case len(h.Hypothesis) > 5000:
		return Saved{}, errs.New(errs.Invalid, "hunt_hypothesis", "A hypothesis has at most 5,000 characters.")
	case h.Days < 0 || h.Days > 36_500 || h.Hours < 0 || h.Hours > 24*366:
		return Saved{}, errs.New(errs.Invalid, "hunt_time", "A hunt looks back up to 36,500 days, and is asked again within a year.")
	}
	if _, err := Parse(h.Query); err != nil {
		return Saved{}, err
	}
	who := ref.ActorFrom(ctx)
	if h.ID == "" {
		all, err := s.hunts.Hunts(ctx)
		if err != nil {
			return Saved{}, err
		}
		if len(all) >= savedMost {
			return Saved{}, errs.New(errs.Conflict, "hunts_many", "There are %d hunts already; delete some.", len(all))
		}
		h.ID, h.By, h.Created = uuid.Must(uuid.NewV7()).String(), who.Name, s.now().UTC()
	} else {
		old, err := s.hunts.Hunt(ctx, h.ID)
		if err != nil {
			return Saved{}, err
		}
		h.By, h.Created, h.Outcomes = old.By, old.Created, old.Outcomes
	}
	act := ref.Act{Actor: who, Verb: "hunt.save", Target: ref.Ref{Kind: ref.Hunt, ID: h.ID}, Detail: map[string]any{"name": h.Name, "query": h.Query}, Time: s.now().UTC()}
	return h, s.hunts.SaveHunt(ctx, h, &act)
}

// Delete forgets a hunt.
func (s *Service) Delete(ctx context.Context, id string) error {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return err
	}
	h, err := s.hunts.Hunt(ctx, id)
	if err != nil {
		return err
	}
	return s.hunts.DeleteHunt(ctx, id, ref.Act{Actor: ref.ActorFrom(ctx), Verb: "hunt.delete", Target: ref.Ref{Kind: ref.Hunt, ID: id}, Detail: map[string]any{"name": h.Name}, Time: s.now().UTC()})
}

// Hunts returns all saved hunts, by name.
func (s *Service) Hunts(ctx context.Context) ([]Saved, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.hunts.Hunts(ctx)
}

// Hunt returns one.
func (s *Service) Hunt(ctx context.Context, id string) (Saved, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Saved{}, err
	}
	return s.hunts.Hunt(ctx, id)
}

// Try asks a saved hunt now and keeps what came of it.
func (s *Service) Try(ctx context.Context, id string) (Outcome, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return Outcome{}, err
	}
	h, err := s.hunts.Hunt(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	return s.try(ctx, h)
}

func (s *Service) try(ctx context.Context, h Saved) (Outcome, error) {
	o := Outcome{Time: s.now().UTC(), By: ref.ActorFrom(ctx).Name}
	a := Ask{Limit: eventsKept, Budget: runBudget}
	if h.Days > 0 {
		a.Since = o.Time.AddDate(0, 0, -h.Days)
	}
	answer, err := s.Ask(ctx, h.Query, a, nil)
	if err != nil {
		return o, err
	}
	o.Matched, o.Looked = answer.Matched, answer.Looked
	for _, f := range answer.Found {
		o.Events = append(o.Events, f.ID)
	}
	switch {
	case answer.Matched > 0:
		o.Verdict = Was
	case answer.Partial != "":
		o.Verdict, o.Why = NotVisible, answer.Partial
	default:
		if o.Verdict, o.Why, err = s.visible(ctx, h.Query, a.Since); err != nil {
			return o, err
		}
	}
	h.Outcomes = slices.Insert(h.Outcomes, 0, o)
	h.Outcomes = h.Outcomes[:min(len(h.Outcomes), outcomesKept)]
	return o, s.hunts.SaveHunt(ctx, h, nil)
}

// visible tells whether a hunt that found nothing could have found something: the
// fields it asks for must come in some event.
func (s *Service) visible(ctx context.Context, query string, since time.Time) (Verdict, string, error) {
	q, err := Parse(query)
	if err != nil {
		return "", "", err
	}
	fields := q.Fields()
	n, have, err := s.searcher.Present(ctx, fields, since)
	if err != nil {
		return "", "", err
	}
	if n == 0 {
		return NotVisible, "There is no event of this time.", nil
	}
	var absent []string
	for _, f := range fields {
		if have[f] == 0 {
			absent = append(absent, f)
		}
	}
	if len(absent) > 0 {
		return NotVisible, fmt.Sprintf("No log has it: none of the newest %d events has %s.", n, strings.Join(absent, ", ")), nil
	}
	return WasNot, "", nil
}

// Ask puts a question. Its lists are filled from those that are kept; tell may be
// nil.
func (s *Service) Ask(ctx context.Context, query string, a Ask, tell func(Answer)) (Answer, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Answer{}, err
	}
	q, err := Parse(query)
	if err != nil {
		return Answer{}, err
	}
	for _, l := range q.lists {
		list, err := s.hunts.List(ctx, l.list)
		if errs.KindOf(err) == errs.NotFound {
			return Answer{}, fault(l.at, "there is no list %q", l.list)
		}
		if err != nil {
			return Answer{}, err
		}
		l.fill(list.Values)
	}
	a.Query = q
	return s.searcher.Search(ctx, a, tell)
}

// List is values under a name.
type List struct {
	Name    string    `json:"name"`
	Values  []string  `json:"values"`
	By      string    `json:"by"`
	Created time.Time `json:"created,omitzero"`
}

// SaveList keeps a list, in place of one of the same name. Values are one a line
// or separated by white space; what follows a # is a remark.
func (s *Service) SaveList(ctx context.Context, name, text string) (List, error) {
	if err := ref.Need(ctx, ref.Analyst); err != nil {
		return List{}, err
	}
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 100 {
		return List{}, errs.New(errs.Invalid, "list_name", "A list has a name of at most 100 characters.")
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, v := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\r' || r == '\n' }) {
			if seen[v] = true; len(seen) > listMost {
				return List{}, errs.New(errs.Invalid, "list_long", "A list has at most %d values; import more as indicators.", listMost)
			}
		}
	}
	if len(seen) == 0 {
		return List{}, errs.New(errs.Invalid, "list_empty", "The list holds no value.")
	}
	all, err := s.hunts.Lists(ctx)
	if err != nil {
		return List{}, err
	}
	if len(all) >= listsMost {
		return List{}, errs.New(errs.Conflict, "lists_many", "There are %d lists already; delete some.", len(all))
	}
	who := ref.ActorFrom(ctx)
	l := List{Name: name, Values: slices.Sorted(maps.Keys(seen)), By: who.Name, Created: s.now().UTC()}
	act := ref.Act{Actor: who, Verb: "hunt.list", Target: ref.Ref{Kind: ref.Hunt, ID: "list/" + name}, Detail: map[string]any{"values": len(seen)}, Time: l.Created}
	return l, s.hunts.SaveList(ctx, l, act)
}

// Lists returns the names of the lists.
func (s *Service) Lists(ctx context.Context) ([]string, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	return s.hunts.Lists(ctx)
}

// due runs the saved hunts whose time has come. A hunt that cannot be asked any
// more keeps why.
func (s *Service) due(ctx context.Context) error {
	all, err := s.hunts.Hunts(ctx)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.Hours == 0 || len(h.Outcomes) > 0 && s.now().Sub(h.Outcomes[0].Time) < time.Duration(h.Hours)*time.Hour {
			continue
		}
		_, err := s.try(ctx, h)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		h.Outcomes = slices.Insert(h.Outcomes, 0, Outcome{Time: s.now().UTC(), By: ref.SystemActor.Name, Verdict: NotVisible, Why: errs.Public(err)})
		h.Outcomes = h.Outcomes[:min(len(h.Outcomes), outcomesKept)]
		if err := s.hunts.SaveHunt(ctx, h, nil); err != nil {
			return err
		}
	}
	return nil
}
