package api

import (
	"strconv"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/hunt"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/ref"
)

func (a *API) history() []route {
	return []route{
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
