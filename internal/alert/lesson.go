package alert

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/ref"
	"github.com/vedette-soc/vedette/risk"
	"github.com/vedette-soc/vedette/risk/triage"
)

// maxTold is how many rules, indicators and sources of an incident a verdict is about.
const maxTold = 64

// toldOf is what a verdict on these alerts is about.
func toldOf(alerts []*Alert) []triage.Told {
	var out []triage.Told
	seen := map[triage.Told]bool{}
	add := func(t triage.Told) {
		if !seen[t] && len(out) < maxTold {
			seen[t] = true
			out = append(out, t)
		}
	}
	for _, a := range alerts {
		d := a.Detection
		entity := ""
		if d.Entity.Name != "" {
			entity = d.Entity.Kind + "/" + d.Entity.Name
		}
		add(triage.Told{Rule: d.Reason.Key, Entity: cmp.Or(entity, "nobody"), Name: d.Reason.Title})
	}
	for _, a := range alerts {
		for _, s := range a.Detection.Reason.Sources {
			add(triage.Told{Rule: "source/" + s, Name: "what " + s + " lists"})
		}
	}
	return out
}

// lessonOf is what the verdict on an incident teaches; nil = nothing: a duplicate,
// a test, and what nobody can tell say nothing of rules.
func lessonOf(in *Incident) *triage.Lesson {
	if in.Verdict == nil || in.State != Closed || in.Merged != "" {
		return nil
	}
	l := triage.Lesson{Incident: in.ID, Time: in.Verdict.Time, LogOdds: in.Assessment.LogOdds, Said: in.Assessment.Likelihood, Told: in.Told, Weight: in.Verdict.Weight}
	switch in.Verdict.Kind {
	case TruePositive:
		l.Real = true
	case FalsePositive:
	case BenignTruePositive:
		l.Here = true
	default:
		return nil
	}
	for _, t := range in.Assessment.Terms {
		if t.Family == "verdict" {
			l.LogOdds -= t.Weight
		}
	}
	return &l
}

// learn brings what was learnt up to date with a verdict that was given or taken
// back, and ranks what is open and like it anew.
func (s *Service) learn(ctx context.Context, g *grouping, in *Incident) error {
	s.learnt = nil
	clear(g.tracks)
	if err := g.tx.SaveLesson(ctx, in.ID, lessonOf(in)); err != nil {
		return err
	}
	learnt, err := s.fit(ctx, g.tx)
	if err != nil {
		return err
	}
	var reasons []string
	for _, t := range in.Told {
		if t.Entity != "" && !slices.Contains(reasons, t.Rule) {
			reasons = append(reasons, t.Rule)
		}
	}
	ids, err := g.tx.Touching(ctx, nil, reasons, true)
	if err != nil {
		return err
	}
	if err := g.fetch(ctx, g.tx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		if f := g.files[id]; f != nil && id != in.ID {
			g.rejudge(f, in.Number, learnt)
		}
	}
	return nil
}

// refit is how long what was learnt is good for without a new verdict: old ones
// fade over months.
const refit = time.Hour

// fit is what the verdicts say; the caller holds s.taking.
func (s *Service) fit(ctx context.Context, tx Tx) (*triage.Learnt, error) {
	now := s.now()
	if s.learnt != nil && now.Sub(s.fitted) < refit {
		return s.learnt, nil
	}
	lessons, err := tx.Lessons(ctx)
	if err != nil {
		return nil, err
	}
	s.learnt, s.fitted = triage.Fit(now, lessons), now
	return s.learnt, nil
}

// rejudge ranks an incident anew from its stored terms and what verdicts say now.
func (g *grouping) rejudge(f *file, because int, learnt *triage.Learnt) {
	before := f.Assessment
	input := stored(before)
	input.Terms = slices.DeleteFunc(slices.Clone(before.Terms), func(t risk.Term) bool { return t.Family == "verdict" })
	input.Terms = append(input.Terms, learnt.Terms(f.Told)...)
	now := risk.Explain(input)
	if before.LogOdds == now.LogOdds {
		return
	}
	f.Assessment, f.Updated = now, g.now
	g.keep(f)
	if before.Level != now.Level {
		g.say(f, moved(g.now, before, now, "the verdict on incident "+number(because)))
	}
}

// stored is the input that gave an assessment.
func stored(a risk.Assessment) risk.Input {
	return risk.Input{
		Base: a.Base, Terms: a.Terms, Stage: a.Stage, Criticality: a.Criticality, Reputation: a.Reputation, Floor: a.FloorAt, FloorWhy: a.Floor,
	}
}

// Nearest is an earlier incident like one that waits, and how it was judged.
type Nearest struct {
	Incident Incident `json:"incident"`
	Likeness float64  `json:"likeness"` // 0-1
	Shared   []string `json:"shared"`
}

// nearest finds the three judged incidents most like that of d, and what the
// likelihood comes to by the verdicts given here.
func (s *Service) nearest(ctx context.Context, d *Detail) error {
	in := d.Incident
	lessons, err := s.store.Lessons(ctx)
	if err != nil {
		return err
	}
	if d.Verdicts = len(lessons); d.Verdicts >= triage.LeastCalibrated {
		d.Probability, d.Enough = triage.Fit(s.now(), lessons).Probability(in.Assessment.LogOdds)
	}
	lessons = slices.DeleteFunc(lessons, func(l triage.Lesson) bool { return l.Incident == in.ID })
	for _, n := range triage.Nearest(in.Told, lessons, 3) {
		other, err := s.store.Incident(ctx, n.Lesson.Incident)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		d.Nearest = append(d.Nearest, Nearest{other, n.Likeness, n.Shared[:min(len(n.Shared), 5)]})
	}
	return nil
}

// Quality is how good the ranking is here: what was said against what was judged,
// and what would teach it most.
type Quality struct {
	Reliability triage.Reliability
	Lessons     int
	Enough      bool // to call what is shown a probability
	Slope       float64
	Shift       float64
	Rails       []Rail
}

// Quality rates the ranking by the verdicts.
func (s *Service) Quality(ctx context.Context) (Quality, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return Quality{}, err
	}
	lessons, err := s.store.Lessons(ctx)
	if err != nil {
		return Quality{}, err
	}
	l := triage.Fit(s.now(), lessons)
	return Quality{
		Reliability: triage.Rate(lessons), Lessons: len(lessons), Enough: len(lessons) >= triage.LeastCalibrated, Slope: l.Slope, Shift: l.Shift, Rails: Rails(),
	}, nil
}

// Teaching is an open incident whose verdict would teach.
type Teaching struct {
	Incident Incident
	ByChance bool // picked by chance, so that what is ranked low is heard of too
	Alike    int  // open incidents like it
}

// How many open incidents are looked at for what would teach, and how many are asked
// about.
const (
	maxAsked     = 300
	maxQuestions = 5
)

// Teach lists the five open incidents whose verdicts would teach most.
func (s *Service) Teach(ctx context.Context) ([]Teaching, error) {
	if err := ref.Need(ctx, ref.Viewer); err != nil {
		return nil, err
	}
	questions, byID, err := s.questions(ctx)
	if err != nil {
		return nil, err
	}
	var out []Teaching
	for _, q := range questions {
		out = append(out, Teaching{byID[q.ID], q.Why == triage.ByChance, q.N})
	}
	return out, nil
}

// questions are what is asked now, and the open incidents it is about.
func (s *Service) questions(ctx context.Context) ([]triage.Question, map[string]Incident, error) {
	list, _, err := s.store.Queue(ctx, QueueQuery{State: Open, Limit: maxAsked})
	if err != nil {
		return nil, nil, err
	}
	lessons, err := s.store.Lessons(ctx)
	if err != nil {
		return nil, nil, err
	}
	var open []triage.Open
	byID := map[string]Incident{}
	for _, in := range list {
		open = append(open, triage.Open{ID: in.ID, LogOdds: in.Assessment.LogOdds, Told: in.Told})
		byID[in.ID] = in
	}
	return triage.Questions(open, maxQuestions, maxQuestions*len(lessons)), byID, nil
}

// byChance is the weight of a verdict on an incident that is asked for by chance; of
// any other 0.
func (s *Service) byChance(ctx context.Context, id string) (float64, error) {
	questions, _, err := s.questions(ctx)
	for _, q := range questions {
		if q.ID == id {
			return q.Weight, err
		}
	}
	return 0, err
}
