package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// beat is how often a quiet stream shows that it lives, and looks whether its
// reader is still signed in.
const beat = 20 * time.Second

// change is what a page learns: which incidents changed, and what is open now.
type change struct {
	Incidents []string       `json:"incidents"`
	Open      map[string]int `json:"open"`
}

// live streams changes as server-sent events until the reader goes.
func (s *server) live(w http.ResponseWriter, r *http.Request, v visitor) (page, error) {
	if s.cfg.Changes == nil {
		w.WriteHeader(http.StatusNoContent) // tells the browser not to come back
		return nil, nil
	}
	changes, stop := s.cfg.Changes()
	defer stop()
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // a recorder in a test has none
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 5000\n\n")
	_ = out.Flush()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return nil, nil
		case <-tick.C:
			if now, sessionErr := s.visitor(r); sessionErr != nil || now.actor.Role != v.actor.Role {
				return nil, nil
			}
			_, err = fmt.Fprint(w, ": alive\n\n")
		case ids, open := <-changes:
			if !open {
				return nil, nil
			}
			err = s.pushChange(w, r, ids)
		}
		if err != nil || out.Flush() != nil {
			return nil, nil // the reader has gone
		}
	}
}

func (s *server) pushChange(w http.ResponseWriter, r *http.Request, ids []string) error {
	totals, err := s.cfg.Alerts.Totals(r.Context())
	if err != nil {
		return err
	}
	open := map[string]int{} // every level: one that went to 0 must be told too
	for _, c := range countLevels(totals.Open) {
		open[c.Level] = c.Count
	}
	b, err := json.Marshal(change{ids, open})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: change\ndata: %s\n\n", b)
	return err
}
