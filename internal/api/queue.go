package api

import (
	"strconv"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/pipeline"
	"github.com/vedette-soc/vedette/internal/telemetry"
	"github.com/vedette-soc/vedette/ref"
)

// Reasoned is the body of an act on what is kept apart.
type Reasoned struct {
	Reason string `json:"reason"`
}

func (a *API) queue() []route {
	d := a.cfg.Dead
	number := func(c call) (uint64, error) {
		n, err := strconv.ParseUint(c.id(), 10, 64)
		if err != nil || n == 0 {
			return 0, errs.New(errs.Invalid, "dead_number", "%q is no number of what is kept apart, as the list tells them.", c.id())
		}
		return n, nil
	}
	return []route{
		get("/queue/dead", ref.Admin, "What no matcher could take and the transport keeps apart, the oldest first, from a number on.", []string{"from", "limit"}, func(c call) (Page[telemetry.DeadLot], error) {
			limit := c.int("limit", 100)
			list, err := d.List(c.ctx, uint64(max(c.int("from", 1), 1)), limit)
			next := ""
			if len(list) > 0 && len(list) >= limit {
				next = strconv.FormatUint(list[len(list)-1].Number+1, 10)
			}
			return page(list, next), err
		}),
		get("/queue/dead/{id}", ref.Admin, "One of them with the events in it.", nil, func(c call) (pipeline.DeadLetter, error) {
			n, err := number(c)
			if err != nil {
				return pipeline.DeadLetter{}, err
			}
			return d.Show(c.ctx, n)
		}),
		send("POST", "/queue/dead/{id}/retry", ref.Admin, "Put one into the queue once more, as a new lot.", func(c call, r Reasoned) (telemetry.DeadLot, error) {
			n, err := number(c)
			if err != nil {
				return telemetry.DeadLot{}, err
			}
			return d.Retry(c.ctx, n, r.Reason)
		}),
		send("POST", "/queue/dead/{id}/drop", ref.Admin, "Remove one for good, with a reason.", func(c call, r Reasoned) (telemetry.DeadLot, error) {
			n, err := number(c)
			if err != nil {
				return telemetry.DeadLot{}, err
			}
			return d.Drop(c.ctx, n, r.Reason)
		}),
	}
}
