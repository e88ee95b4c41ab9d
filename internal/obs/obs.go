// Package obs lets an operator look inside: structured logs, metrics, profiles.
//
// [NewLog] makes the logger that is handed to every part, [Private] the handler
// of the listener that answers without a sign-in and therefore only on loopback.
package obs

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewLog returns a logger to w: text for a person on a terminal, JSON otherwise.
// level is debug, info, warn or error.
func NewLog(w io.Writer, level string, terminal bool) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	opt := &slog.HandlerOptions{Level: l}
	if terminal {
		return slog.New(slog.NewTextHandler(w, opt))
	}
	return slog.New(slog.NewJSONHandler(w, opt))
}

// Gauge is a figure that is read when somebody looks.
type Gauge struct {
	Name, Help string
	Read       func() float64
}

// Table is figures of one name for each of several things, read when somebody looks.
// What it is for must be bounded, as a table with a row for every address is not.
type Table struct {
	Name, Help string
	Labels     []string
	Counts     bool // they only grow
	Read       func() []Row
}

// Row is one figure of a table, with a value for each label.
type Row struct {
	Labels []string
	Value  float64
}

// tables implements prometheus.Collector.
type tables []Table

// Describe implements prometheus.Collector: rows come and go, so nothing is promised.
func (tables) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (ts tables) Collect(out chan<- prometheus.Metric) {
	for _, t := range ts {
		kind := prometheus.GaugeValue
		if t.Counts {
			kind = prometheus.CounterValue
		}
		desc := prometheus.NewDesc("vedette_"+t.Name, t.Help, t.Labels, nil)
		for _, r := range t.Read() {
			labels := make([]string, len(r.Labels))
			for i, l := range r.Labels {
				labels[i] = strings.ToValidUTF8(l, "\ufffd")
			}
			if m, err := prometheus.NewConstMetric(desc, kind, r.Value, labels...); err == nil {
				out <- m
			}
		}
	}
}

// Private returns the handler of /metrics and /debug/pprof.
func Private(gauges []Gauge, more ...Table) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, g := range gauges {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "vedette", Name: g.Name, Help: g.Help}, g.Read))
	}
	reg.MustRegister(tables(more))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
