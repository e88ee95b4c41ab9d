package suricata_test

import (
	"testing"

	"github.com/vedette-soc/vedette/format"
	"github.com/vedette-soc/vedette/format/suricata"
)

// TestRecognise: other products have an event_type and a timestamp, too.
func TestRecognise(t *testing.T) {
	tests := map[string]string{
		`{"timestamp":"2026-03-02T10:00:00.000000+0000","event_type":"stats","stats":{"uptime":8}}`:      "suricata",
		`{"timestamp":"2026-03-02T10:00:00.000000+0000", "event_type": "bittorrent_dht", "dht": {}}`:     "suricata",
		`{"timestamp":"Mon, 2 Mar 2026 10:00:00 UTC", "event_type":"HTTP_REQUEST", "src_ip":"10.0.0.5"}`: "json",
		`{"timestamp":"1772445600","event_type":"Session Start","session_id":"s1"}`:                      "json",
		`{"timestamp":"2026-03-02T10:00:00Z","event_type":{"_tag":"sign_in"},"event_category":"logins"}`: "json",
		`{"timestamp":"2026-03-02T10:00:00Z","event_type":"cut`:                                          "json",
	}
	rec := format.NewRecogniser(suricata.Format())
	for record, want := range tests {
		if got := rec.Recognise([]byte(record)); got != want {
			t.Errorf("read as %s, want %s: %s", got, want, record)
		}
	}
}
