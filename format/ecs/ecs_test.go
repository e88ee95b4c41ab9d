package ecs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/event"
	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/ecs"
)

func TestPass(t *testing.T) {
	tests := map[string]struct {
		in   string
		want event.Fields
	}{
		"Nested": {
			`{"@timestamp":"2024-05-06T07:08:09.123Z","@metadata":{"beat":"filebeat"},"ecs":{"version":"8.11"},"event":{"dataset":"nginx.access","category":"web"},"source":{"ip":"192.0.2.1","port":4711},"url":{"full":"http://a.example/"}}`,
			event.Fields{
				"ecs.version": "8.11", "event.kind": "event", "event.module": "nginx", "event.dataset": "nginx.access",
				"event.category": []string{"web"}, "source.ip": "192.0.2.1", "source.port": int64(4711), "url.full": "http://a.example/",
			},
		},
		"Dotted": {
			`{"@timestamp":1714979289123,"source.ip":"192.0.2.1","event.kind":"alert","vedette":{"file":"forged"}}`,
			event.Fields{"source.ip": "192.0.2.1", "event.kind": "alert", "event.module": "ecs"},
		},
		"NoTimestamp": {
			`{"ecs":{"version":"8.11"},"event":{"created":"2024-05-06T07:08:09.123Z"},"source":{"ip":"192.0.2.1"}}`,
			event.Fields{"ecs.version": "8.11", "event.created": "2024-05-06T07:08:09.123Z", "event.kind": "event", "event.module": "ecs", "source.ip": "192.0.2.1"},
		},
		"Arguments": {
			`{"@timestamp":1714979289123,"event.module":"system","process.args":["sh","-c","id"]}`,
			event.Fields{"event.kind": "event", "event.module": "system", "process.args": []string{"sh", "-c", "id"}, "process.command_line": "sh -c id"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := format.NewRecogniser(ecs.Format()).Stream("")
			if err != nil {
				t.Fatal(err)
			}
			ev, ok, err := s.Decode([]byte(tt.in))
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if diff := cmp.Diff(tt.want, ev.Fields); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got := ev.Time.Format("2006-01-02T15:04:05.000Z"); ev.Format != "ecs" || got[:16] != "2024-05-06T07:08" {
				t.Errorf("format %s, time %s", ev.Format, got)
			}
		})
	}
}

func TestRecognise(t *testing.T) {
	rec := format.NewRecogniser(ecs.Format())
	for record, want := range map[string]string{
		`{"ecs.version":"8.11","user.name":"mia"}`:                                       "ecs",
		`{"event":{"kind":"event","category":["process"],"type":["start"]}}`:             "ecs",
		`{"ecs":{"cluster":"prod"},"user":{"name":"mia"}}`:                               "json",
		`{"event":{"kind":"order","category":"shop","type":"sale"},"user":{"name":"x"}}`: "json",
		`{"document":{"ecs":{"version":"8.11"}}}`:                                        "json",
		`{"msg":"{\"ecs\":{\"version\":\"8\"}}"}`:                                        "json",
	} {
		if got := rec.Recognise([]byte(record)); got != want {
			t.Errorf("%s: %s, want %s", record, got, want)
		}
	}
}
