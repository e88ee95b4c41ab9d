package credential

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"time"
)

// Sink takes what a Reader reads.
type Sink interface {
	// Wanted tells whether a credential is to be kept at all: its password is not even
	// looked at otherwise.
	Wanted(account, site string) bool
	// Credential takes one that is wanted; name is that of its file.
	Credential(name string, r Record) error
	// Machine takes what a stealer log says of where it ran.
	Machine(name string, m Machine) error
	Breach(b Breach) error
}

// Reader reads files. It belongs to one goroutine.
type Reader struct {
	Sealer *Sealer
	Sink   Sink
	Kind   Kind   // what all of it is; "" = by its form
	Source string // who says it; "" = the name of each breach, else nobody
	// Domain is that of the addresses in an answer of Have I Been Pwned about one, whose
	// keys are only what stands before the @; "" = it stands in the name of the file.
	Domain string
	Time   time.Time // of what does not tell one
	Now    time.Time // dates after it are none

	Loss Loss
}

// Loss is what became of what was read.
type Loss struct {
	In      int            `json:"in"`    // credentials and machines
	Files   int            `json:"files"` // that were read
	Skipped int            `json:"skipped"`
	Given   int            `json:"-"`
	Dropped map[string]int `json:"dropped"`
}

// file is one that is being read.
type file struct {
	*Reader
	name   string
	now    time.Time
	sink   Sink
	family string
}

// peeked is how much of a file decides what it is.
const peeked = 16 << 10

// Read reads one file. What it cannot recognise, or is of no use, it skips and counts.
func (r *Reader) Read(name string, in io.Reader) error {
	if r.Loss.Dropped == nil {
		r.Loss.Dropped = map[string]int{}
	}
	br := bufio.NewReaderSize(in, maxLine)
	head, err := br.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := packed(name, head); err != nil {
		return err
	}
	f := &file{Reader: r, name: name, now: r.Now, sink: r.Sink}
	read := f.recognise(head)
	if read == nil {
		r.Loss.Skipped++
		return nil
	}
	r.Loss.Files++
	f.family = familyIn(head[:min(len(head), 4<<10)])
	return read(newLines(br))
}

// recognise tells how a file is to be read; nil = not at all.
func (f *file) recognise(head []byte) func(*lines) error {
	if bytes.IndexByte(head, 0) >= 0 {
		return nil // a picture, a database
	}
	l := newLines(bufio.NewReaderSize(bytes.NewReader(head), maxLine))
	var block, system [otherSystem + 1]bool
	full, combos, first := 0, 0, true
	for full < 200 {
		line, err := l.next()
		if err != nil {
			break
		}
		if t := bytes.TrimSpace(line); len(t) == 0 || t[0] == '#' {
			continue
		}
		if first {
			if read := f.byFirst(line); read != nil {
				return read
			}
			first = false
		}
		full++
		k, _ := fieldOf(line, blockFields)
		block[k] = true
		k, _ = fieldOf(line, systemFields)
		system[k] = true
		if _, why := split(line); why == "" {
			combos++
		}
	}
	switch {
	case block[password] && block[user]:
		return f.blocks
	case (system[machineName] || system[hwid] || system[machineID]) && (system[machineUser] || system[otherSystem] || system[logDate]):
		return f.system
	case full > 0 && 2*combos >= full:
		return f.combos
	}
	return nil
}

// byFirst tells what the first line alone gives away: JSON, the heading of a table.
func (f *file) byFirst(line []byte) func(*lines) error {
	t := bytes.TrimSpace(line)
	switch {
	case t[0] == '{' || t[0] == '[' && bytes.IndexByte(t, '=') < 0:
		return func(l *lines) error { return f.answer(l.in) }
	case isTable(line):
		return f.table
	}
	return nil
}

// combos reads a list of combinations, one a line.
func (f *file) combos(l *lines) error {
	for {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if l.long {
			if err := f.drop("line-long"); err != nil {
				return err
			}
			continue
		}
		c, why := split(line)
		switch {
		case why == "empty":
			continue
		case why == "" && len(c.password) > maxPassword:
			why = "password-long"
		}
		if why != "" {
			err = f.drop(why)
		} else {
			err = f.give(Record{Account: c.account, Site: c.site, Kind: Combo}, c.password)
		}
		if err != nil {
			return err
		}
	}
}

// give seals and hands over one credential, when it is wanted.
func (f *file) give(r Record, password []byte) error {
	f.Loss.In++
	if !f.sink.Wanted(r.Account, r.Site) {
		f.Loss.Dropped["not-ours"]++
		return nil
	}
	r.Fingerprint, r.Length = f.Sealer.Seal(password)
	r.Kind, r.Source = cmp.Or(f.Kind, r.Kind), word(cmp.Or(r.Source, f.Source))
	if r.Time.IsZero() {
		r.Time = f.Time
	}
	f.Loss.Given++
	return f.sink.Credential(f.name, r)
}

func (f *file) drop(why string) error {
	f.Loss.In++
	f.Loss.Dropped[why]++
	return nil
}
