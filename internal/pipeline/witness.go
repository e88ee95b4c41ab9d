package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vedette-soc/vedette/internal/alert"
	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/intel"
	"github.com/vedette-soc/vedette/ref"
)

// Witness tells the knowledge base what verdicts say of indicators.
type Witness struct {
	Alerts *alert.Service
	Intel  *intel.Service
}

// Changed acts on the fact "alert.changed": of an incident judged real each
// indicator it met is confirmed, of one judged false refuted; of any other nothing
// is said.
func (w Witness) Changed(ctx context.Context, f ref.Fact) error {
	d, err := w.Alerts.Incident(ctx, f.Ref.ID)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	kind := ""
	if v := d.Incident.Verdict; v != nil && d.Incident.State == alert.Closed {
		switch v.Kind {
		case alert.TruePositive:
			kind = "confirmed"
		case alert.FalsePositive:
			kind = "refuted"
		}
	}
	var ids []string
	var last time.Time
	for _, a := range d.Alerts {
		if r := a.Detection.Reason; r.Kind == alert.ByIndicator && !slices.Contains(ids, r.Key) {
			ids = append(ids, r.Key)
		}
		if a.Last.After(last) {
			last = a.Last
		}
	}
	return w.Intel.Witness(ctx, d.Incident.ID, ids, kind, last)
}

// Reliabilities tells how reliable the feeds are said to be.
type Reliabilities struct {
	Feeds func(ctx context.Context) ([]collect.View, error)

	mu   sync.Mutex
	at   time.Time
	said map[string]string
}

// reliabilitiesKept is how long what was said counts.
const reliabilitiesKept = 30 * time.Second

// Of returns the letter of a feed; "" when none is given.
func (r *Reliabilities) Of(source string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) > reliabilitiesKept {
		views, err := r.Feeds(ref.WithActor(context.Background(), ref.SystemActor))
		if err == nil { // else what was said before still counts
			r.said = map[string]string{}
			for _, v := range views {
				r.said[v.Feed.ID] = v.Feed.Reliability
			}
		}
		r.at = time.Now()
	}
	return r.said[source]
}
