package api

import (
	"reflect"
	"strconv"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
)

func (a *API) history() []route {
	return []route{
		{
			method: "POST", path: "/api/v1/history/import", role: ref.Analyst, raw: true, out: reflect.TypeFor[pipeline.TakenIn](), query: []string{"name", "format", "source"},
			summary: "Take an old file into the history; the body is the file, not compressed. Its events are matched as found by looking back.",
			do: func(c call, _ any) (any, error) {
				return a.cfg.Inward.Take(c.ctx, c.query["name"], c.query["format"], c.query["source"], c.r.Body)
			},
		},
		get("/history/imports", ref.Analyst, "The old files that were taken in, the newest last.", nil, func(c call) (Page[pipeline.OldFile], error) {
			all, err := a.cfg.Inward.Files(c.ctx)
			return page(all, ""), err
		}),
		get("/history/parts", ref.Analyst, "The parts of the history, oldest first; each can be had as a Parquet file.", []string{"since", "until"}, func(c call) (Page[pipeline.Stretch], error) {
			since, err := hunt.Moment(c.query["since"], time.Now())
			if err != nil {
				return Page[pipeline.Stretch]{}, err
			}
			until, err := hunt.Moment(c.query["until"], time.Now())
			if err != nil {
				return Page[pipeline.Stretch]{}, err
			}
			all, err := a.cfg.Outward.Stretches(c.ctx, since, until)
			return page(all, ""), err
		}),
		stream("/history/parquet", ref.Analyst, "The events of one part of the history as a Parquet file: its first record, and the last one wanted.",
			"application/vnd.apache.parquet", []string{"first", "last"}, func(c call, out *streamed) (any, error) {
				first, err := strconv.ParseUint(c.query["first"], 10, 64)
				last, err2 := strconv.ParseUint(c.query["last"], 10, 64)
				if err != nil || err2 != nil {
					return nil, errs.New(errs.Invalid, "part_unknown", "first and last are numbers of records as /history/parts tells them.")
				}
				return a.cfg.Outward.Write(c.ctx, first, last, out)
			}),
	}
}
