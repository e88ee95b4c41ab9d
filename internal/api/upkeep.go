package api

import (
	"context"
	"io"
	"time"

	"github.com/vedette-soc/vedette/ref"
)

// Verdict is the outcome of a check.
type Verdict string

// The verdicts.
const (
	Good Verdict = "ok"
	Warn Verdict = "warn" // works, but deserves a look
	Fail Verdict = "fail"
)

// Check is one thing the doctor looked at.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Message string  `json:"message"`
	Do      string  `json:"do,omitempty"` // what helps; empty when nothing is wrong
}

// Backup writes a backup of everything to w; see BackupReport for what is in it.
type Backup func(ctx context.Context, w io.Writer) (BackupReport, error)

// BackupReport says what is in a backup.
type BackupReport struct {
	Created  time.Time `json:"created"`
	Database string    `json:"database"` // "sqlite": it is in the backup; "postgres": it is not, dump it with pg_dump
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"` // before compression
}

func (a *API) upkeep() []route {
	return []route{
		get("/doctor", ref.Admin, "Check everything that can be checked while the server runs; reads the whole history.", nil, func(c call) (Page[Check], error) {
			return page(a.cfg.Doctor(c.ctx), ""), nil
		}),
		stream("/backup", ref.Admin, "A backup of everything, as a tar archive in zstd.", "application/zstd", nil, func(c call, out *streamed) (any, error) {
			return a.cfg.Backup(c.ctx, out)
		}),
	}
}
