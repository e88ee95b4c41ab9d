package parquet_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	columns "github.com/parquet-go/parquet-go"

	"github.com/vedette-soc/vedette/internal/history/parquet"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

// kept is what a reader that knows only the file makes of it.
type kept struct {
	Seq      uint64    `parquet:"seq"`
	Received time.Time `parquet:"received,timestamp(microsecond)"`
	Time     time.Time `parquet:"time,timestamp(microsecond)"`
	Source   string    `parquet:"source"`
	Dataset  *string   `parquet:"event.dataset,optional"`
	Category []string  `parquet:"event.category,list"`
	SourceIP *string   `parquet:"source.ip,optional"`
	Domains  []string  `parquet:"domain,list"`
	Hashes   []string  `parquet:"hash,list"`
	Raw      []byte    `parquet:"raw"`
}

func TestReadBack(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	var rows []telemetry.Row
	var want []kept
	for i := range 45_001 { // three row groups
		r := telemetry.Row{
			Seq: telemetry.Seq(i + 7), Received: at.Add(time.Duration(i) * time.Second), Time: at, Source: "http/sensor", Raw: fmt.Appendf(nil, "raw \xff %d", i),
		}
		k := kept{Seq: uint64(i + 7), Received: r.Received, Time: at, Source: "http/sensor", Category: []string{}, Domains: []string{}, Hashes: []string{}, Raw: r.Raw}
		if i%2 == 0 {
			ip, dataset := fmt.Sprintf("10.0.%d.%d", i%200, i%7), "proof \ufffd"
			r.SourceIP, r.Dataset, k.SourceIP, k.Dataset = ip, "proof \xff", &ip, &dataset
			r.Category, k.Category = []string{"network", "web"}, []string{"network", "web"}
			r.Domains, k.Domains = []string{"a.example", fmt.Sprintf("b%d.example", i)}, []string{"a.example", fmt.Sprintf("b%d.example", i)}
		}
		rows, want = append(rows, r), append(want, k)
	}
	var file bytes.Buffer
	table := parquet.New(&file)
	for at := 0; at < len(rows); at += 2000 {
		if err := table.Add(rows[at:min(at+2000, len(rows))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := columns.Read[kept](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got { // an empty list may come back as none
		for _, l := range []*[]string{&got[i].Category, &got[i].Domains, &got[i].Hashes} {
			if *l == nil {
				*l = []string{}
			}
		}
		got[i].Received, got[i].Time = got[i].Received.UTC(), got[i].Time.UTC()
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(want[i], got[i]); diff != "" {
			t.Fatalf("row %d: -want +got\n%s", i, diff)
		}
	}
}

// TestEmpty: a table of nothing is a file all the same.
func TestEmpty(t *testing.T) {
	var file bytes.Buffer
	table := parquet.New(&file)
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := columns.Read[kept](bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil || len(got) != 0 {
		t.Errorf("%d rows, %v", len(got), err)
	}
}
