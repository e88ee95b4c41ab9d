package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/vedette-soc/vedette/internal/errs"
	"github.com/vedette-soc/vedette/internal/receiver"
	"github.com/vedette-soc/vedette/internal/telemetry"
)

const (
	// maxItems bounds one request, and so its answer. Beats send 50 to 2,000.
	maxItems = 100_000
	// maxAction bounds an action line.
	maxAction = 16 << 10
)

// item is what becomes of one action.
type item struct {
	verb   string
	index  string
	id     string
	status int
	cause  cause
}

// bulk is one _bulk request while it is read.
type bulk struct {
	*handler
	ctx     context.Context
	batch   receiver.Batch
	index   string // of the path
	items   []item
	waiting int // the first item whose document is in the batch and not yet durable
	names   map[string]string
	full    error // once the history took nothing: all that follows is refused
}

func (h *handler) bulk(c call, index string) {
	began := time.Now()
	body, err := h.Door.Open(c.w, c.r)
	if err != nil {
		h.refuse(c, err)
		return
	}
	defer body.Close()
	b := &bulk{
		handler: h, ctx: c.r.Context(), index: index, names: map[string]string{},
		batch: receiver.Batch{Intake: h.Door.Intake, Source: source(c.r)},
	}
	if err := b.all(receiver.NewLines(body, h.Door.MaxEvent)); err != nil {
		h.refuse(c, h.Door.Broken(source(c.r), err))
		return
	}
	if len(b.items) == 0 {
		c.fault(http.StatusBadRequest, "parse_exception", "request body is required")
		return
	}
	c.head(http.StatusOK)
	_, _ = c.w.Write(b.answer(time.Since(began))) // the sender may have gone
}

// all reads action and document by turns.
func (b *bulk) all(in *receiver.Lines) error {
	for line := 1; ; line++ {
		raw, err := in.Next()
		if err == io.EOF {
			b.flush()
			return b.fatal()
		}
		if err != nil && !errors.Is(err, receiver.ErrTooLong) {
			return err
		}
		if err == nil && len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		it, ok := b.action(raw)
		if !ok || err != nil {
			b.flush()
			return errs.New(errs.Invalid, "bulk_malformed", "Malformed action/metadata line [%d]: it must be an object with one of create, index, update, delete. What stood before it is kept.", line)
		}
		if len(b.items) >= maxItems {
			b.flush()
			return errs.New(errs.Invalid, "body_too_large", "More than %d actions in one request; send it in parts. The first %d are kept.", maxItems, maxItems)
		}
		if it.verb != "delete" {
			line++
			raw, err = in.Next()
			if err != nil && !errors.Is(err, receiver.ErrTooLong) {
				if err == io.EOF {
					err = errs.New(errs.Invalid, "bulk_malformed", "The bulk request must be terminated by a newline and its last action by a document.")
				}
				return err
			}
			b.document(it, raw, err)
			continue
		}
		b.refuse(it, http.StatusBadRequest, "illegal_argument_exception", "Events are kept as they came: delete is refused.", "verb-delete")
	}
}

// action reads an action line.
func (b *bulk) action(raw []byte) (it item, ok bool) {
	if len(raw) > maxAction {
		return it, false
	}
	var line map[string]struct {
		Index string `json:"_index"`
		ID    any    `json:"_id"`
	}
	if json.Unmarshal(raw, &line) != nil || len(line) != 1 {
		return it, false
	}
	for verb, meta := range line {
		switch verb {
		case "create", "index", "update", "delete":
		default:
			return it, false
		}
		it = item{verb: verb, index: b.name(meta.Index)}
		if meta.ID != nil {
			it.id = fmt.Sprint(meta.ID)
		}
	}
	return it, true
}

// name keeps one copy of each index name.
func (b *bulk) name(index string) string {
	if index == "" {
		return b.index
	}
	if n, ok := b.names[index]; ok {
		return n
	}
	b.names[index] = index
	return index
}

// document takes one in.
func (b *bulk) document(it item, raw []byte, err error) {
	switch {
	case it.verb == "update":
		b.refuse(it, http.StatusBadRequest, "illegal_argument_exception", "Events are kept as they came: update is refused.", "verb-update")
	case err != nil:
		b.refuse(it, http.StatusBadRequest, "document_parsing_exception", fmt.Sprintf("The document is longer than %d bytes.", b.Door.MaxEvent), receiver.TooLong)
	case !receiver.Object(raw):
		b.refuse(it, http.StatusBadRequest, "document_parsing_exception", "The document is no JSON object.", receiver.BadJSON)
	case b.full != nil:
		b.later(&it, b.full)
		b.items = append(b.items, it)
	default:
		it.status = http.StatusCreated
		b.items = append(b.items, it)
		if err := b.batch.Add(b.ctx, telemetry.Record{Raw: raw}); err != nil {
			b.failed(err)
		}
		if b.batch.Pending() == 0 {
			b.waiting = len(b.items)
		}
	}
}

func (b *bulk) refuse(it item, status int, kind, reason, counted string) {
	b.Door.Intake.Refuse(b.batch.Source, counted, 1)
	it.status, it.cause = status, cause{kind, reason}
	b.items = append(b.items, it)
}

func (b *bulk) flush() {
	if err := b.batch.Flush(b.ctx); err != nil {
		b.failed(err)
	}
	b.waiting = len(b.items)
}

// failed takes back what was said of the documents since the last batch.
func (b *bulk) failed(err error) {
	b.full = err
	for i := b.waiting; i < len(b.items); i++ {
		if it := &b.items[i]; it.status == http.StatusCreated {
			b.later(it, err)
		}
	}
}

// later asks for an item again.
func (b *bulk) later(it *item, err error) {
	it.status, it.cause = http.StatusTooManyRequests, cause{rejected, errs.Public(err)}
}

// fatal is an error that sending items again will not mend.
func (b *bulk) fatal() error {
	switch errs.KindOf(b.full) {
	case errs.RateLimited, errs.Unavailable:
		return nil
	}
	return b.full
}

// answer is the body of a bulk answer.
func (b *bulk) answer(took time.Duration) []byte {
	bad := false
	for _, it := range b.items {
		bad = bad || it.status >= http.StatusBadRequest
	}
	out := fmt.Appendf(nil, `{"took":%d,"errors":%t,"items":[`, took.Milliseconds(), bad)
	for i := range b.items {
		if i > 0 {
			out = append(out, ',')
		}
		out = b.items[i].append(out)
	}
	return append(out, "]}\n"...)
}

func (it *item) append(out []byte) []byte {
	out = fmt.Appendf(out, `{"%s":{"_index":`, it.verb)
	out = appendText(out, it.index)
	out = append(out, `,"_type":"_doc"`...)
	if it.id != "" {
		out = appendText(append(out, `,"_id":`...), it.id)
	}
	if it.status == http.StatusCreated {
		out = append(out, `,"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1`...)
	}
	out = fmt.Appendf(out, `,"status":%d`, it.status)
	if it.cause.Type != "" {
		out = appendText(append(out, `,"error":{"type":`...), it.cause.Type)
		out = append(appendText(append(out, `,"reason":`...), it.cause.Reason), '}')
	}
	return append(out, "}}"...)
}

func appendText(out []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return append(out, `""`...)
	}
	return append(out, b...)
}

// single takes one document that is the body.
func (h *handler) single(c call, index, id string) {
	body, err := h.Door.Open(c.w, c.r)
	if err != nil {
		h.refuse(c, err)
		return
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, int64(h.Door.MaxEvent)+1))
	b := &bulk{handler: h, ctx: c.r.Context(), batch: receiver.Batch{Intake: h.Door.Intake, Source: source(c.r)}}
	it := item{verb: "index", index: index, id: id}
	if it.id == "" {
		it.id = "vedette"
	}
	switch {
	case err != nil:
		h.refuse(c, h.Door.Broken(source(c.r), err))
		return
	case len(raw) > h.Door.MaxEvent:
		b.document(it, nil, receiver.ErrTooLong)
	default:
		b.document(it, receiver.OneLine(raw), nil)
	}
	b.flush()
	if b.full != nil {
		h.refuse(c, b.full)
		return
	}
	it = b.items[0]
	if it.status != http.StatusCreated {
		c.fault(it.status, it.cause.Type, it.cause.Reason)
		return
	}
	c.answer(it.status, map[string]any{
		"_index": it.index, "_id": it.id, "_version": 1, "result": "created", "_shards": shards, "_seq_no": 0, "_primary_term": 1,
	})
}
