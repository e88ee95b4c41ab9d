package misp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/errs"
)

// maxNesting is how deep lists and "response" members may lie around an event.
const maxNesting = 8

type decoder struct {
	in         collect.Input
	out        collect.Sink
	src        *source
	json       *json.Decoder
	attributes int
}

// begin looks at the first bytes. io.EOF means that there is nothing to read.
func (d *decoder) begin() error {
	d.src.until = 1 << 62
	head := make([]byte, 512)
	n, err := io.ReadFull(d.src, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))
	if collect.LooksLikeHTML(head) {
		return errs.New(errs.Invalid, "web_page", "%s, line 1: this looks like a web page, not MISP; check the address and whether it needs a login.", d.in.Name)
	}
	d.json = json.NewDecoder(&commas{r: io.MultiReader(bytes.NewReader(head), d.src)})
	return nil
}

// limit lets the decoder read as much as it may hold from here on.
func (d *decoder) limit() { d.src.until = d.json.InputOffset() + d.in.Memory() }

// value reads an event, an attribute, or a list or wrapper of them.
func (d *decoder) value(depth int) error {
	d.limit()
	t, err := d.json.Token()
	if err != nil {
		return err
	}
	return d.after(t, depth)
}

// after is value when the first token has been read.
func (d *decoder) after(t json.Token, depth int) error {
	switch {
	case depth > maxNesting:
		return errors.New("nested too deep")
	case t == json.Delim('{'):
		return d.object(depth)
	case t == json.Delim('['):
		for d.json.More() {
			if err := inside(d.value(depth + 1)); err != nil {
				return err
			}
		}
		_, err := d.json.Token()
		return inside(err)
	}
	d.out.Drop("not-an-object", d.line(), "")
	return nil
}

// object reads an object whose '{' has been read: a wrapper, an event, an
// attribute, or a manifest. What an event cut short has said so far is kept.
func (d *decoder) object(depth int) error {
	ev := newEvent(d.line())
	err := d.members(ev, depth)
	if err == nil && depth == 0 && ev.isForeign() {
		return errs.New(errs.Invalid, "misp_unknown", "%s, line %d: no MISP event, attribute or manifest; check that this is the right feed.", d.in.Name, ev.line)
	}
	if sinkFailed := d.emit(ev); sinkFailed != nil {
		return sinkError{sinkFailed}
	}
	return inside(err)
}

func (d *decoder) members(ev *event, depth int) error {
	for d.json.More() {
		t, err := d.json.Token()
		if err != nil {
			return err
		}
		switch key, _ := t.(string); key {
		case "Event", "response":
			ev.wrapper = true
			d.limit()
			err = d.value(depth + 1)
		case "Attribute":
			err = d.attributeList(&ev.Attribute)
		case "Object":
			err = d.each(func() error { return d.mispObject(ev) })
		default:
			var raw json.RawMessage
			if err = d.json.Decode(&raw); err == nil {
				ev.member(key, raw)
			}
		}
		if err != nil {
			return inside(err)
		}
	}
	_, err := d.json.Token()
	return err
}

// each calls read for every element of the array that comes next; null is none.
func (d *decoder) each(read func() error) error {
	t, err := d.json.Token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return errors.New("want an array")
	}
	for d.json.More() {
		if err := read(); err != nil {
			return inside(err)
		}
	}
	_, err = d.json.Token()
	return err
}

func (d *decoder) attributeList(to *[]attribute) error {
	return d.each(func() error {
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return err
		}
		a := readAttribute(raw)
		a.line = d.line()
		*to = append(*to, a)
		d.attributes++
		return nil
	})
}

// mispObject reads one object and adds its attributes to the event, with the
// object's name and remark as context.
func (d *decoder) mispObject(ev *event) error {
	t, err := d.json.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errors.New("want an object")
	}
	var about struct {
		Name, Comment text
		Deleted       boolean
	}
	first := len(ev.Attribute)
	for d.json.More() && err == nil {
		var key json.Token
		if key, err = d.json.Token(); err != nil {
			break
		}
		var raw json.RawMessage
		if key == "Attribute" {
			err = d.attributeList(&ev.Attribute)
		} else if err = d.json.Decode(&raw); err == nil {
			switch key {
			case "name":
				_ = json.Unmarshal(raw, &about.Name)
			case "comment":
				_ = json.Unmarshal(raw, &about.Comment)
			case "deleted":
				_ = json.Unmarshal(raw, &about.Deleted)
			}
		}
	}
	for i := range ev.Attribute[first:] {
		a := &ev.Attribute[first+i]
		a.Deleted = a.Deleted || about.Deleted
		if a.Comment == "" {
			a.Comment = about.Comment
		}
		if a.Comment == "" {
			a.Comment = about.Name
		}
	}
	if err != nil {
		return inside(err)
	}
	_, err = d.json.Token()
	return err
}

// inside names an end in the middle for what it is.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
