package stix

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits bound what DecodeBundle accepts. Zero fields take the default.
type Limits struct {
	ObjectBytes int64 // of one object; default 16 MiB
	Objects     int   // in the whole stream; default 10 million
}

// DecodeError says how far a stream could be read. The objects handed over before
// it are good.
type DecodeError struct {
	Offset int64 // byte from which nothing could be read
	Line   int   // its line, from 1
	Read   int   // objects read before
	Err    error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("line %d, byte %d, after %d objects: %v", e.Line, e.Offset, e.Read, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// DecodeBundle reads STIX objects from r and calls fn for each, in order, without
// ever holding more than one. It accepts a bundle (2.0 or 2.1), a TAXII envelope,
// an array of objects, one bare object, and any sequence of these (NDJSON).
// Something in an object's place that is none comes as an Object with an empty
// Type, so that the caller can count it. A broken stream gives a *DecodeError; an
// error of fn is returned unchanged.
func DecodeBundle(r io.Reader, lim Limits, fn func(Object) error) error {
	return decode(r, lim, fn, func(json.RawMessage, int) {})
}

// ValidateDocument reads a document like DecodeBundle and holds it against the
// specification. A broken stream gives a *DecodeError; what was found in the
// objects before it is kept.
func ValidateDocument(r io.Reader, lim Limits) (*Validator, error) {
	var v Validator
	err := decode(r, lim, func(o Object) error { v.Add(o); return nil }, v.Bundle)
	v.Close()
	return &v, err
}

// decode is DecodeBundle; wrap is told what stands around the objects of a bundle
// or envelope, behind its last object.
func decode(r io.Reader, lim Limits, fn func(Object) error, wrap func(raw json.RawMessage, line int)) error {
	lim.ObjectBytes = cmp.Or(lim.ObjectBytes, 16<<20)
	lim.Objects = cmp.Or(lim.Objects, 10_000_000)
	br := bufio.NewReaderSize(r, 32<<10)
	if bom, _ := br.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = br.Discard(3)
	}
	d := &decoder{lim: lim, fn: fn, wrap: wrap, win: &window{r: br, line: 1}}
	d.json = json.NewDecoder(d.win)
	for {
		d.win.allow(d.json.InputOffset(), lim.ObjectBytes)
		if err := d.value(); err != nil {
			if err == errEnd {
				return nil
			}
			if c, ok := err.(callbackError); ok {
				return c.error
			}
			off := d.json.InputOffset()
			return &DecodeError{Offset: off, Line: d.win.lineAt(off), Read: d.read, Err: err}
		}
	}
}

var (
	errEnd       = errors.New("end of input")
	errTooLarge  = errors.New("an object is larger than the limit")
	errTooMany   = errors.New("more objects than the limit")
	errNotObject = errors.New("want a JSON object or array")
)

// callbackError keeps the caller's own errors apart from those of the stream.
type callbackError struct{ error }

type decoder struct {
	lim  Limits
	fn   func(Object) error
	wrap func(raw json.RawMessage, line int)
	json *json.Decoder
	win  *window
	read int
}

// value reads one top-level value: an array of objects, or one object.
func (d *decoder) value() error {
	t, err := d.json.Token()
	if errors.Is(err, io.EOF) {
		return errEnd
	}
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		return d.elements()
	case json.Delim('{'):
		return d.object(d.win.lineAt(d.json.InputOffset()))
	}
	return errNotObject
}

// elements reads the objects of an array whose '[' has been read.
func (d *decoder) elements() error {
	for d.json.More() {
		d.win.allow(d.json.InputOffset(), d.lim.ObjectBytes)
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return unexpected(err)
		}
		line := d.win.lineAt(d.json.InputOffset() - int64(len(raw)))
		if err := d.emit(raw, line); err != nil {
			return err
		}
	}
	_, err := d.json.Token()
	return unexpected(err)
}

// object reads an object whose '{' has been read. The members of a bundle's or
// envelope's "objects" array are handed over as they come; an object that has no
// such array is put together again and handed over itself.
func (d *decoder) object(line int) error {
	var whole []byte
	bundle := false
	for d.json.More() {
		d.win.allow(d.json.InputOffset(), d.lim.ObjectBytes)
		key, raw, list, err := d.member()
		if err != nil {
			return unexpected(err)
		}
		if list {
			bundle = true
			if err := d.elements(); err != nil {
				return err
			}
			continue
		}
		if int64(len(whole)+len(raw)) > d.lim.ObjectBytes {
			return errTooLarge
		}
		whole = appendMember(whole, key, raw)
	}
	if _, err := d.json.Token(); err != nil {
		return unexpected(err)
	}
	if whole == nil {
		whole = []byte{'{'}
	}
	whole = append(whole, '}')
	if bundle || isWrapper(whole) {
		d.wrap(whole, line)
		return nil
	}
	return d.emit(whole, line)
}

// member reads one key and its value; for the key "objects" it stops after the
// '[' of an array and says so.
func (d *decoder) member() (key string, raw json.RawMessage, list bool, err error) {
	t, err := d.json.Token()
	if err != nil {
		return "", nil, false, err
	}
	key, _ = t.(string)
	if key != "objects" {
		err = d.json.Decode(&raw)
		return key, raw, false, err
	}
	t, err = d.json.Token()
	switch {
	case err != nil:
		return "", nil, false, err
	case t == json.Delim('['):
		return key, nil, true, nil
	case t == json.Delim('{'): // observed-data of STIX 2.0: a dictionary, part of the object
		raw, err = d.rest()
	default:
		raw, err = json.Marshal(t)
	}
	return key, raw, false, err
}

// rest puts together an object whose '{' has been read.
func (d *decoder) rest() (json.RawMessage, error) {
	var whole []byte
	for d.json.More() {
		t, err := d.json.Token()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if whole = appendMember(whole, key, raw); int64(len(whole)) > d.lim.ObjectBytes {
			return nil, errTooLarge
		}
	}
	if whole == nil {
		whole = []byte{'{'}
	}
	_, err := d.json.Token()
	return append(whole, '}'), err
}

func appendMember(whole []byte, key string, raw json.RawMessage) []byte {
	if whole == nil {
		whole = append(whole, '{')
	} else {
		whole = append(whole, ',')
	}
	name, _ := json.Marshal(key)
	whole = append(append(whole, name...), ':')
	return append(whole, raw...)
}

// isWrapper recognises a bundle or envelope without objects.
func isWrapper(raw []byte) bool {
	var b struct {
		Type string `json:"type"`
		More *bool  `json:"more"`
	}
	_ = json.Unmarshal(raw, &b)
	return b.Type == "bundle" || b.Type == "" && b.More != nil
}

func (d *decoder) emit(raw json.RawMessage, line int) error {
	if d.read++; d.read > d.lim.Objects {
		return errTooMany
	}
	o := decodeObject(raw)
	o.Line = line
	if err := d.fn(o); err != nil {
		return callbackError{err}
	}
	return nil
}

// decodeObject reads what it can: one member of a wrong type does not cost the others.
func decodeObject(raw json.RawMessage) Object {
	var o Object
	if err := json.Unmarshal(raw, &o); err != nil {
		var members map[string]json.RawMessage
		_ = json.Unmarshal(raw, &members)
		o = Object{}
		read := func(name string, to any) { _ = json.Unmarshal(members[name], to) }
		for name, to := range map[string]any{
			"type": &o.Type, "id": &o.ID, "spec_version": &o.SpecVersion, "name": &o.Name,
			"description": &o.Description, "aliases": &o.Aliases, "labels": &o.Labels,
			"confidence": &o.Confidence, "revoked": &o.Revoked, "relationship_type": &o.RelationshipType,
			"source_ref": &o.SourceRef, "target_ref": &o.TargetRef,
			"external_references": &o.ExternalReferences, "object_marking_refs": &o.ObjectMarkingRefs,
		} {
			read(name, to)
		}
		readTime(members["created"], &o.Created)
		readTime(members["modified"], &o.Modified)
	}
	o.Raw = raw
	return o
}

func readTime(raw json.RawMessage, to *time.Time) {
	var t time.Time
	if json.Unmarshal(raw, &t) == nil {
		*to = t
	}
}

// unexpected names an end in the middle for what it is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
