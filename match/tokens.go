package match

// tokens marks the bytes of which names, dotted addresses, file names and parts
// of paths are made.
var tokens = func() (c [256]uint8) {
	for i := range c {
		switch b := byte(i); {
		case isDigit(b):
			c[i] = digitByte
		case isLetter(b):
			c[i] = letterByte
		case b == '-':
			c[i] = hyphenByte
		case b == '_':
			c[i] = lowByte
		case b == '.':
			c[i] = dotByte
		}
	}
	return c
}()

const (
	digitByte = 1 << iota
	letterByte
	hyphenByte
	lowByte
	dotByte
)
