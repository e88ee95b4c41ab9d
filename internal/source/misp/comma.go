package misp

import "io"

// commas blanks out the comma that hand-edited JSON, published feeds included,
// leaves before a closing bracket. Every byte keeps its place.
type commas struct {
	r      io.Reader
	held   []byte // a comma and the white space after it, until it is known what follows
	ready  []byte
	err    error
	quoted bool
	escape bool
}

// maxHeld bounds the white space that may follow a comma.
const maxHeld = 64 << 10

func (c *commas) Read(p []byte) (int, error) {
	for len(c.ready) == 0 && c.err == nil {
		buf := make([]byte, 32<<10)
		n, err := c.r.Read(buf)
		for _, b := range buf[:n] {
			c.feed(b)
		}
		if c.err = err; err != nil {
			c.release()
		}
	}
	n := copy(p, c.ready)
	if c.ready = c.ready[n:]; len(c.ready) == 0 {
		c.ready = nil
		if n == 0 {
			return 0, c.err
		}
	}
	return n, nil
}

func (c *commas) feed(b byte) {
	switch {
	case c.quoted:
		c.ready = append(c.ready, b)
		c.quoted = c.escape || b != '"'
		c.escape = !c.escape && b == '\\'
		return
	case len(c.held) > 0 && len(c.held) < maxHeld && (b == ' ' || b == '\n' || b == '\r' || b == '\t'):
		c.held = append(c.held, b)
		return
	case len(c.held) > 0 && (b == ']' || b == '}'):
		c.held[0] = ' '
	}
	c.release()
	switch b {
	case ',':
		c.held = append(c.held, b)
		return
	case '"':
		c.quoted = true
	}
	c.ready = append(c.ready, b)
}

func (c *commas) release() {
	c.ready = append(c.ready, c.held...)
	c.held = c.held[:0]
}
