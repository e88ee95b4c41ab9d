package credential

import (
	"bytes"
	"errors"
	"io"
)

// maxPassword bounds a password, in bytes: what is longer is no password.
const maxPassword = 4 << 10

// block is one entry of a stealer log while it is read.
type block struct {
	site, account string
	password      []byte
	has           field // the last one that was named
	seen          [otherSystem + 1]bool
	spoiled       string // why it cannot be kept
}

// blocks reads the credential blocks of a stealer log. A value may go on over lines, up to
// the next field, a rule or an empty line.
func (f *file) blocks(l *lines) error {
	b := &block{password: make([]byte, 0, 256)}
	defer func() { clear(b.password[:cap(b.password)]) }()
	for {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			return f.end(b)
		}
		if err != nil {
			return err
		}
		if l.long {
			b.spoiled = "line-long"
			continue
		}
		what, value := fieldOf(line, blockFields)
		switch {
		case what == header:
		case what != noField:
			if b.complete() || b.seen[what] && what != software {
				if err := f.end(b); err != nil {
					return err
				}
			}
			b.begin(what, value)
		case len(bytes.TrimSpace(line)) == 0, ruled(line):
			if b.complete() {
				if err := f.end(b); err != nil {
					return err
				}
			}
			b.has = noField
		default:
			b.goOn(line)
		}
	}
}

func (b *block) complete() bool { return b.seen[user] && b.seen[password] }

func (b *block) begin(what field, value []byte) {
	b.seen[what], b.has = true, what
	switch what {
	case host:
		b.site = Site(string(value))
	case user:
		b.account = Account(string(value))
	case password:
		b.password = append(b.password[:0], value...)
	}
}

// goOn takes a line that continues the value before it.
func (b *block) goOn(line []byte) {
	switch b.has {
	case user: // what follows a login may be a password whose name is not known here
		b.spoiled = "login-invalid"
	case password:
		if len(b.password)+len(line) > maxPassword {
			b.spoiled = "password-long"
			return
		}
		b.password = append(append(b.password, '\n'), line...)
	}
}

// end hands over what was read of a block and begins the next.
func (f *file) end(b *block) error {
	defer b.clear()
	switch {
	case !b.seen[user] && !b.seen[password]:
		return nil // a heading
	case b.spoiled != "":
		return f.drop(b.spoiled)
	case b.account == "":
		return f.drop("login-invalid")
	case len(b.password) > maxPassword:
		return f.drop("password-long")
	}
	return f.give(Record{Account: b.account, Site: b.site, Kind: Stealer, Family: f.family}, b.password)
}

func (b *block) clear() {
	clear(b.password)
	*b = block{password: b.password[:0]}
}
