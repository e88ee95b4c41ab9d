package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	sigmago "github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
	other "github.com/markuskont/go-sigma-rule-engine"

	"github.com/vedette-soc/vedette/internal/app"
)

// lanesFor returns encoding/json, Vedette, and the others, which get only the rules of
// the sample's category: that is the routing they have none of.
func lanesFor(s sample, texts map[string][]byte, dir string, slow int) ([]lane, error) {
	set, err := app.ReadRules([]string{dir}, nil, "", nil)
	if err != nil {
		return nil, err
	}
	m := set.Engine.Matcher()
	lanes := []lane{
		{name: "encoding/json", look: func(r []byte) (int, error) {
			var v map[string]any
			return 0, json.Unmarshal(r, &v)
		}},
		{name: "vedette", rules: set.Engine.Len(), look: func(r []byte) (int, error) {
			hits, err := m.Record("windows", r)
			return len(hits), err
		}},
	}
	fit := map[string][]byte{}
	for file, text := range texts {
		if s.category == "" || bytes.Contains(text, []byte("category: "+s.category)) {
			fit[file] = text
		}
	}
	second, err := ruleEngine(fit, slow)
	return append(lanes, sigmaGo(fit, slow), second), err
}

// sigmaGo is github.com/bradleyjkemp/sigma-go.
func sigmaGo(texts map[string][]byte, slow int) lane {
	var rules []*evaluator.RuleEvaluator
	for _, text := range texts {
		if r, err := sigmago.ParseRule(text); err == nil {
			rules = append(rules, evaluator.ForRule(r))
		}
	}
	return lane{name: "sigma-go v0.6.6", rules: len(rules), most: slow, look: func(r []byte) (n int, failed error) {
		var v map[string]any
		if err := json.Unmarshal(r, &v); err != nil {
			return 0, err
		}
		for _, rule := range rules {
			res, err := rule.Matches(context.Background(), v)
			if err != nil {
				failed = err
			} else if res.Match {
				n++
			}
		}
		return n, failed
	}}
}

// ruleEngine is github.com/markuskont/go-sigma-rule-engine.
func ruleEngine(texts map[string][]byte, slow int) (lane, error) {
	dir, err := os.MkdirTemp("", "bench-other-")
	if err != nil {
		return lane{}, err
	}
	defer os.RemoveAll(dir)
	for file, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			return lane{}, err
		}
	}
	set, err := other.NewRuleset(other.Config{Directory: []string{dir}})
	if err != nil {
		return lane{}, err
	}
	return lane{name: "go-sigma-rule-engine v0.3.0", rules: len(set.Rules), most: slow, look: func(r []byte) (int, error) {
		var v fields
		if err := json.Unmarshal(r, &v); err != nil {
			return 0, err
		}
		hits, _ := set.EvalAll(v)
		return len(hits), nil
	}}, nil
}

// fields is an event as that engine asks for it.
type fields map[string]any

// Keywords returns the message.
func (f fields) Keywords() ([]string, bool) {
	s, ok := f["Message"].(string)
	return []string{s}, ok
}

// Select returns a field.
func (f fields) Select(name string) (any, bool) {
	v, ok := f[name]
	if n, number := v.(float64); number {
		return fmt.Sprintf("%g", n), ok
	}
	return v, ok
}
