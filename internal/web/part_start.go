package web

import (
	"context"
	"strings"

	"github.com/vedette-soc/vedette/ref"
)

// startStep is one of the things an empty house needs before incidents appear.
type startStep struct {
	Title, URL string
	Text       string
	Command    string // the same on the command line
	Done       bool
	State      string // what is there of it
}

// start returns the steps of a house that never had an incident, nil when all are
// done.
func (s *server) start(ctx context.Context, v visitor) ([]startStep, error) {
	totals, err := s.cfg.Alerts.Totals(ctx)
	if err != nil || totals.Closed > 0 {
		return nil, err
	}
	events, err := s.cfg.History.Stats(ctx)
	if err != nil {
		return nil, err
	}
	profile, err := s.cfg.Org.Saved(ctx)
	if err != nil {
		return nil, err
	}
	known := s.cfg.Index().Indicators
	tokens := "/people"
	if !v.may(ref.Admin) {
		tokens = "/health"
	}
	protect := "/organisation"
	if mayAct(v) {
		protect = "/organisation/setup"
	}
	intake := s.cfg.IntakeURL
	if intake == "" {
		intake = "http://127.0.0.1:8444"
	}
	steps := []startStep{
		{
			Title: "Turn a feed on", URL: "/feeds", Command: "vedette feed enable abusech-urlhaus-online",
			Text: "The catalogue is one click each; your own files go in on the page Intelligence.",
			Done: known > 0, State: plural(known, "live indicator"),
		},
		{
			Title: "Send events", URL: tokens,
			Command: `curl -H "Authorization: Bearer $TOKEN" --data-binary @eve.json ` + strings.TrimSuffix(intake, "/") + "/v1/events",
			Text:    "Suricata, Zeek, Windows, ECS or any JSON, one event a line, with a token of the role sender that an administrator makes.",
			Done:    events.Records > 0, State: plural(int(events.Records), "stored event"),
		},
		{
			Title: "Say what you protect", URL: protect, Command: "vedette org import profile.yaml",
			Text: "Networks, crown jewels and own domains make the ranking yours, and keep blocks off what is yours. Ten minutes, a few questions.",
			Done: profile.Version > 0, State: map[bool]string{true: "a profile is there", false: "no profile"}[profile.Version > 0],
		},
	}
	for _, step := range steps {
		if !step.Done {
			return steps, nil
		}
	}
	return nil, nil
}
